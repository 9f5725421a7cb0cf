"""Recency, frequency and value, and how someone likes to be advised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median_low
from zoneinfo import ZoneInfo

from zhixun.features.behaviour.rules import Interaction
from zhixun.features.search.rules import is_chinese

HOURS = ("morning", "afternoon", "evening", "weekend")
AFTERNOON_FROM_HOUR, EVENING_FROM_HOUR, SATURDAY = 12, 18, 5
TEXTS_MIN = 2
"""A language is believed from so many texts on."""


@dataclass(frozen=True)
class Habits:
    """Empty where nothing is known yet. `price_minor`: the middle of what was paid."""

    last_at: datetime | None = None
    sessions_count: int = 0
    value_minor: int = 0
    price_minor: int = 0
    channel: str = ""
    hours: str = ""
    language: str = ""


def habits_of(interactions: Sequence[Interaction], zone: str) -> Habits:
    """What the payments and texts among these say; `last_at` is the latest of all."""
    paid = [one for one in interactions if one.kind == "payment"]
    prices = [one.value_minor for one in paid if one.value_minor > 0]
    starts = [part_of_day(one.starts_at, zone) for one in paid if one.starts_at]
    return Habits(
        last_at=max((one.at for one in interactions), default=None),
        sessions_count=len(paid),
        value_minor=sum(prices),
        price_minor=median_low(prices) if prices else 0,
        channel=_commonest([one.channel for one in paid if one.channel]),
        hours=_commonest(starts),
        language=_language(interactions),
    )


def part_of_day(at: datetime, zone: str) -> str:
    here = at.astimezone(ZoneInfo(zone))
    if here.weekday() >= SATURDAY:
        return "weekend"
    if here.hour >= EVENING_FROM_HOUR:
        return "evening"
    return "afternoon" if here.hour >= AFTERNOON_FROM_HOUR else "morning"


def _language(interactions: Sequence[Interaction]) -> str:
    spoken = ["zh" if is_chinese(one.text) else "en" for one in interactions if one.text]
    return _commonest(spoken) if len(spoken) >= TEXTS_MIN else ""


def _commonest(values: Sequence[str]) -> str:
    """The most frequent; of several the one seen first."""
    return Counter(values).most_common(1)[0][0] if values else ""
