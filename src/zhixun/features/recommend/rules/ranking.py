"""How well someone fits: the published weights, the fit from 1 to 5, and the place kept for newcomers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median as middle
from typing import Protocol

from zhixun.features.catalog.rules import ConsultantCard
from zhixun.features.search.rules import shrunk_mean
from zhixun.kernel.values import Words

WEIGHTS_PERCENT: Mapping[str, int] = {"relevance": 50, "quality": 25, "time": 15, "price": 10}
"""What the page says under "Why these", and what decides."""
TOPIC_SHARE, TEXT_SHARE = 0.65, 0.35
OTHER_FIELD_SHARE, OTHER_CITY_SHARE = 0.4, 0.8
PLACE_MATTERS = frozenset({"legal"})
"""Fields where rules differ from place to place."""
NEWCOMER_BELOW = 5
"""Fewer answers than this make a newcomer."""
EXPLORE_PLACE = 3
EXPLORE_RELEVANCE_MIN = 0.6
"""A newcomer gets the place when at least this share as relevant as the best."""
SOON, LATE = timedelta(days=1), timedelta(days=7)


class Answers(Protocol):
    """Satisfaction, as the ranking needs it: the mean from 1 to 5, of how many, and the share that was solved."""

    @property
    def mean(self) -> float: ...
    @property
    def count(self) -> int: ...
    @property
    def solved_share(self) -> float: ...
    @property
    def shown(self) -> bool: ...


@dataclass(frozen=True)
class Standing:
    """What the ranking knows of one candidate. All parts are from 0 to 1."""

    card: ConsultantCard
    satisfaction: Answers
    first_free: datetime | None
    relevance: float
    total: float


def relevance(
    card: ConsultantCard, *, text: float, topics: Mapping[str, float], field_id: str | None, city: Words | None = None
) -> float:
    """0 to 1: the share of the question's topics (by weight) that are the consultant's, and `text`, the words' score as a
    share of the best. Less for another field, and for another city than the question's where rules differ by place."""
    whole = sum(topics.values())
    shared = sum(weight for topic_id, weight in topics.items() if topic_id in card.topic_ids)
    found = TOPIC_SHARE * shared / whole + TEXT_SHARE * text if whole else text * (TOPIC_SHARE + TEXT_SHARE) * 0.8
    if city and card.field_id in PLACE_MATTERS and card.city.zh != city.zh:
        found *= OTHER_CITY_SHARE
    return found if field_id in (None, card.field_id) else found * OTHER_FIELD_SHARE


def total(
    *, relevance: float, satisfaction: Answers, first_free: datetime | None, price_ratio: float, now: datetime
) -> float:
    """0 to 1: Σ weightᵢ · partᵢ. `price_ratio` is the price per minute as a share of the candidates' median."""
    quality = (shrunk_mean(satisfaction.mean, satisfaction.count) - 3) / 2
    parts = {
        "relevance": relevance,
        "quality": _within(quality),
        "time": soonness(first_free, now),
        "price": _within(1.5 - price_ratio),
    }
    return sum(WEIGHTS_PERCENT[name] / 100 * part for name, part in parts.items())


def fit(total: float) -> int:
    """1 (hardly) to 5 (strongly)."""
    return max(1, min(5, round(1 + 4.4 * total)))


def is_newcomer(satisfaction: Answers) -> bool:
    return satisfaction.count < NEWCOMER_BELOW


def with_newcomer(ranked: Sequence[Standing], *, limit: int, question: str, day: date) -> list[Standing]:
    """The first `limit`; the last of three places goes to a newcomer who fits, when none is there by rank.

    Which of them, the question and the day decide: the same all day, another tomorrow.
    """
    first = list(ranked[:limit])
    if limit < EXPLORE_PLACE or len(ranked) <= limit or any(is_newcomer(one.satisfaction) for one in first):
        return first
    enough = first[0].relevance * EXPLORE_RELEVANCE_MIN
    fitting = [
        one for one in ranked[limit:] if is_newcomer(one.satisfaction) and one.relevance >= enough and one.first_free
    ]
    if fitting:
        first[EXPLORE_PLACE - 1] = min(fitting, key=lambda one: _draw(question, day, one.card.id))
    return first


def per_minute(card: ConsultantCard) -> float:
    """The first service's price per minute, in the smallest unit of its currency; 0 for who sells nothing."""
    service = card.first_service
    return service.price.amount_minor / service.minutes if service else 0.0


def median(values: Sequence[float]) -> float:
    return middle(values) if values else 0.0


def soonness(first_free: datetime | None, now: datetime) -> float:
    """1 within a day, falling to 0.3 at a week, 0.1 after it, 0 for never."""
    if first_free is None:
        return 0.0
    wait = first_free - now
    if wait <= SOON:
        return 1.0
    return 1.0 - 0.7 * ((wait - SOON) / (LATE - SOON)) if wait <= LATE else 0.1


def _within(value: float) -> float:
    return max(0.0, min(1.0, value))


def _draw(question: str, day: date, consultant_id: str) -> bytes:
    return hashlib.sha256(f"{question}\n{day.isoformat()}\n{consultant_id}".encode()).digest()
