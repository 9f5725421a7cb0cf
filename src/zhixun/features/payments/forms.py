"""What the sandbox page and its REST twin may say."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum

from zhixun.kernel.errors import N_, Invalid


class Outcome(StrEnum):
    """What the sandbox gateway shall report of a payment."""

    PAY = "pay"
    FAIL = "fail"
    PAY_TWICE = "pay_twice"
    PAY_LATE = "pay_late"
    """The money comes in after the hold has run out."""


def read_outcome(text: object) -> Outcome:
    """Raises Invalid."""
    try:
        return Outcome(str(text))
    except ValueError:
        raise Invalid(fields={"outcome": N_("An outcome is pay, fail, pay_twice or pay_late.")}) from None


def read_outcome_json(body: bytes) -> Outcome:
    """The outcome in a JSON object. Raises Invalid."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):  # not JSON, or nested deeper than anyone can read
        said = None
    return read_outcome(said.get("outcome") if isinstance(said, dict) else None)


def read_day(text: str) -> date:
    """A day that has a day before and after it. Raises Invalid."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = date.min
    if not 2000 <= day.year <= 2200:
        raise Invalid(fields={"day": N_("A day looks like 2026-11-24.")})
    return day
