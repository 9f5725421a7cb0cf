"""Who fits a person: the published score, interest vector · consultant feature vector, joined with what others chose.

Both vectors have length 1, so the score is their cosine. A consultant's features are field, topics, seniority and quality.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from zhixun.features.catalog.rules import ConsultantCard
from zhixun.features.search.rules import shrunk_mean

from .ranking import Answers, soonness

PERSONAL_PERCENT: Mapping[str, int] = {"interests": 55, "others": 20, "time": 15, "price": 10}
FIELD_FEATURE, TOPICS_FEATURE, SENIORITY_FEATURE, QUALITY_FEATURE = 0.5, 1.0, 0.25, 0.5
LOOKED_AT = 24
ALIKE_COSTS = 0.25
"""A second suggestion that is just like the first is worth a quarter less: people want a choice."""

Vector = Mapping[str, float]


@dataclass(frozen=True)
class Personal:
    """All parts from 0 to 1. `label`: what of the person's interests speaks most for this consultant."""

    card: ConsultantCard
    satisfaction: Answers
    features: Vector
    parts: Mapping[str, float]
    label: str = ""

    @property
    def total(self) -> float:
        return sum(PERSONAL_PERCENT[name] / 100 * part for name, part in self.parts.items())


def features_of(card: ConsultantCard, satisfaction: Answers) -> dict[str, float]:
    """field, topics (sharing one weight), seniority, quality (0 to 1 from the shrunk mean); of length 1."""
    share = TOPICS_FEATURE / math.sqrt(max(1, len(card.topic_ids)))
    quality = max(0.0, (shrunk_mean(satisfaction.mean, satisfaction.count) - 3) / 2)
    return of_length_one({
        f"field={card.field_id}": FIELD_FEATURE, **{f"topic={topic}": share for topic in card.topic_ids},
        f"seniority={card.seniority}": SENIORITY_FEATURE, "quality": QUALITY_FEATURE * quality,
    })  # fmt: skip


def interest_vector(labels: Vector) -> dict[str, float]:
    """A person's labels, and that everyone cares for quality; of length 1. Empty for whom nothing is known of."""
    return of_length_one({**of_length_one(labels), "quality": QUALITY_FEATURE}) if labels else {}


def score(interest: Vector, features: Vector) -> float:
    """The published formula: interest vector · consultant feature vector, 0 to 1."""
    return sum(weight * features[name] for name, weight in interest.items() if name in features)


def strongest_label(interest: Vector, features: Vector) -> str:
    """The topic that adds most to the score, or else the field; "" where they share neither."""
    shared = {name: weight * features[name] for name, weight in interest.items() if name in features and "=" in name}
    topics = {name: weight for name, weight in shared.items() if name.startswith("topic=")}
    fields = {name: weight for name, weight in shared.items() if name.startswith("field=")}
    return max(topics or fields, key=(topics or fields).__getitem__, default="")


def price_fit(price_minor: float, usual_minor: int) -> float:
    """1 at what the person usually pays, less the further away; a half where that is not known."""
    if not price_minor or not usual_minor:
        return 0.5
    return max(0.0, 1 - abs(math.log(price_minor / usual_minor)))


def time_fit(first_free: datetime | None, now: datetime) -> float:
    return soonness(first_free, now)


def varied(ranked: Sequence[Personal]) -> list[Personal]:
    """The same people, so ordered that each is weighed against what stands above (maximal marginal relevance)."""
    left, chosen = sorted(ranked, key=lambda one: (-one.total, one.card.id)), list[Personal]()
    while left:
        best = max(left, key=lambda one: one.total - ALIKE_COSTS * one.total * _likeness(one, chosen))
        left.remove(best)
        chosen.append(best)
    return chosen


def of_length_one(vector: Vector) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {name: weight / length for name, weight in vector.items()} if length else {}


def _likeness(one: Personal, chosen: Sequence[Personal]) -> float:
    return max((score(one.features, other.features) for other in chosen), default=0.0)
