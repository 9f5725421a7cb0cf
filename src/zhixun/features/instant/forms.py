"""What the forms of instant consultation may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhixun.kernel.errors import N_, Invalid, NotFound
from zhixun.kernel.values import Money, hundredths, is_id

FIELD_LENGTH_MAX = 80
MINUTES_CHOICES = (30, 60, 120, 240, 480)
"""For how long a consultant may say that they are available, in minutes."""


@dataclass(frozen=True)
class Asked:
    """What somebody asks now. `cap` is the most they want to pay, or None for whatever it costs."""

    question: str
    field_id: str
    channel: str
    minutes: int
    cap: Money | None


def read_asked(form: Mapping[str, str]) -> Asked:
    """Raises Invalid naming each field that makes no sense."""
    wrong: dict[str, str] = {}
    field_id, channel, minutes = [*form.get("choice", "").split(":"), "", "", ""][:3]
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) <= 3):
        wrong["choice"] = N_("Please choose what you want from the list.")
    cap = None
    if text := form.get("cap", "").strip():
        try:
            cap = _amount(text)
        except Invalid as refusal:
            wrong |= refusal.fields
    if wrong:
        raise Invalid(fields=wrong)
    return Asked(form.get("question", ""), field_id, channel, int(minutes), cap)


def _amount(text: str) -> Money:
    if minor := hundredths(text):
        return Money(minor)
    raise Invalid(fields={"cap": N_("Please write an amount like 120 or 120.50.")})


def read_until(form: Mapping[str, str], now: datetime) -> datetime:
    """From one of the choices. Raises Invalid."""
    text = form.get("minutes", "")
    if text.isascii() and text.isdigit() and int(text[:5]) in MINUTES_CHOICES:
        return now + timedelta(minutes=int(text[:5]))
    raise Invalid(fields={"minutes": N_("Please choose from the list how long you are available.")})


@dataclass(frozen=True)
class Place:
    """Where in the list of what can be asked for now somebody looks. No field: the fields themselves."""

    field_id: str
    page: int


def read_place(values: Mapping[str, str]) -> Place:
    """From a button ("career:2"), else from an address (`field`, `page`), else from what was chosen. What makes no sense
    is the beginning."""
    field_id, page = values.get("field", ""), values.get("page", "")
    if look := values.get("look"):
        field_id, _, page = look.partition(":")
    elif not field_id:
        field_id = values.get("choice", "").partition(":")[0]
    number = int(page) if page.isascii() and page.isdigit() and len(page) <= 3 else 1
    return Place(field_id[:FIELD_LENGTH_MAX], max(1, number))


def own_id(text: str) -> str:
    """An id from an address; whatever is not one is not found."""
    if not is_id(text):
        raise NotFound
    return text
