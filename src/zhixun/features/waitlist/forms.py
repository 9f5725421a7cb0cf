"""What the form of a wish may say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from zhixun.kernel.errors import N_, Invalid

from .rules import Wish


def read_wish(form: Mapping[str, str], *, zone: str) -> Wish:
    """An empty day is any. Raises Invalid for one that is no date."""
    text = form.get("day", "").strip()
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(fields={"day": N_("Please write the day like 2026-12-24.")}) from None
    return Wish(day, form.get("part", "any"), zone)
