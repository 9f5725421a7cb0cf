"""The form of an address that hears us; what was typed is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from zhixun.kernel.values import is_id, new_id

from .queries import EndpointView


@dataclass(frozen=True)
class Wanted:
    endpoint_id: str = field(default_factory=new_id)
    url: str = ""
    description: str = ""
    kinds: Sequence[str] = ()
    active: bool = True


def read_wanted(form: MultiDict[str, str], endpoint_id: str | None = None) -> Wanted:
    given = endpoint_id or form.get("endpoint_id", "")
    return Wanted(
        endpoint_id=given if is_id(given) else new_id(),
        url=form.get("url", ""),
        description=form.get("description", ""),
        kinds=form.getlist("kinds"),
        active=endpoint_id is None or form.get("active") == "yes",
    )


def shown(one: EndpointView) -> Wanted:
    return Wanted(one.id, one.url, one.description, one.kinds, one.active)
