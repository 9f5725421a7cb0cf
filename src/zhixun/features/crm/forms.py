"""A complaint, a suggestion or a campaign as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zhixun.kernel.values import Words, is_id, new_id

from .rules import Audience, CampaignTerms

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
    """Whether the latest messages of whom it is about go with it."""
    about: str = ""
    """In a group: whom it is about."""


def read_report(form: Mapping[str, str]) -> Report:
    given = form.get("matter_id", "")
    return Report(
        given if is_id(given) else new_id(), form.get("reason", ""), form.get("text", "").replace("\r\n", "\n"),
        "shows" in form, form.get("about", ""),
    )  # fmt: skip


def named(text: str) -> str:
    """What a list is searched for."""
    return "".join(c for c in text if c.isprintable()).strip()[:NAME_LENGTH_MAX]


def read_campaign(form: Mapping[str, str]) -> CampaignTerms:
    """What is no number is one that `check_campaign` refuses."""
    given = {name: form.get(name, "")[:NAME_LENGTH_MAX] for name in ("segment", "tier", "field_id")}
    audience = Audience(**given, quiet_days=_number(form.get("quiet_days", "0")))
    text = Words(form.get("text_zh", ""), form.get("text_en", ""))
    holdout = _number(form.get("holdout", ""))
    return CampaignTerms(form.get("name", ""), text, form.get("code", "").strip(), audience, holdout)


def _number(text: str) -> int:
    clean = text.strip() or "0"
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) <= 6 else -1
