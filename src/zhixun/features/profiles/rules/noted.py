"""What was noted of somebody, as it is told to them: the same thing once, however often it was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zhixun.features.behaviour.rules import Interaction

from .pages import page_name

PAGE = "page:"


@dataclass(frozen=True)
class Noted:
    """`latest` stands for all `count` of them."""

    latest: Interaction
    count: int


def told_once(interactions: Iterable[Interaction]) -> list[Noted]:
    """The latest first stays the latest first; pages that are called the same are the same."""
    found: dict[tuple[str, str, str], Noted] = {}
    for one in interactions:
        of = page_name(one.subject.removeprefix(PAGE)) if one.subject.startswith(PAGE) else one.subject
        key = (one.kind, of, one.text)
        known = found.get(key)
        found[key] = Noted(known.latest, known.count + 1) if known else Noted(one, 1)
    return list(found.values())
