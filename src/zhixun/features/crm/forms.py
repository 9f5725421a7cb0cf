"""A complaint or a suggestion as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zhixun.kernel.values import is_id, new_id

NAME_LENGTH_MAX = 60


@dataclass(frozen=True)
class Typed:
    matter_id: str = field(default_factory=new_id)
    kind: str = ""
    text: str = ""
    booking_id: str = ""


def read_matter(form: Mapping[str, str]) -> Typed:
    given, booking = form.get("matter_id", ""), form.get("booking_id", "")
    return Typed(
        given if is_id(given) else new_id(), form.get("kind", ""), form.get("text", "").replace("\r\n", "\n"),
        booking if is_id(booking) else "",
    )  # fmt: skip


@dataclass(frozen=True)
class Report:
    matter_id: str
    reason: str
    text: str
    shows: bool
    """Whether the other's latest messages go with it."""


def read_report(form: Mapping[str, str]) -> Report:
    given = form.get("matter_id", "")
    return Report(
        given if is_id(given) else new_id(), form.get("reason", ""), form.get("text", "").replace("\r\n", "\n"),
        "shows" in form,
    )  # fmt: skip


def named(text: str) -> str:
    """What a list is searched for."""
    return "".join(c for c in text if c.isprintable()).strip()[:NAME_LENGTH_MAX]
