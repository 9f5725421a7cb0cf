"""Choices people made, and when a model learnt from them may take the live one's place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .measures import Ranked, ndcg

CHOICE_WEIGHTS: Mapping[str, float] = {
    "payment": 1.0,
    "booking": 0.6,
    "save": 0.5,
    "session": 0.4,
    "click": 0.15,
    "view": 0.1,
}
TOGETHER_MIN = 2
WEIGHTS_KEPT = 50
CHOICES_MIN, PEOPLE_MIN, NEW_MIN = 30, 5, 20
"""Fewer choices, people, or choices the live model has not seen teach nothing that could be measured."""
EARLIER_SHARE = 0.8
DEPTH = 10

Weights = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Choice:
    """`weight` says how much of a choice it was: a payment is 1, a look 0.1."""

    person: str
    item: str
    weight: float
    at: datetime


@dataclass(frozen=True)
class Parts:
    """`later` is what the live model has not seen either."""

    earlier: tuple[Choice, ...]
    later: tuple[Choice, ...]


def parts_of(choices: Sequence[Choice], live_until: datetime | None) -> Parts | None:
    """In the order of time. With a live model only what came after its training is held out, half of it, so that neither
    has seen it; None where there is too little to tell."""
    ordered = sorted(choices, key=lambda one: (one.at, one.person, one.item))
    if len(ordered) < CHOICES_MIN or len({one.person for one in ordered}) < PEOPLE_MIN:
        return None
    if live_until is None:
        cut = int(len(ordered) * EARLIER_SHARE)
    else:
        new = sum(one.at > live_until for one in ordered)
        if new < NEW_MIN:
            return None
        cut = len(ordered) - new // 2
    return Parts(tuple(ordered[:cut]), tuple(ordered[cut:]))


def quality_of(weights: Weights, parts: Parts) -> float:
    """NDCG@10 on the later part: each person's later items, ranked from their earlier ones. Popularity breaks ties and fills
    up, so a model of nothing is as good as popularity."""
    popular = Counter(one.item for one in parts.earlier)
    known, right = _known(parts), _right(parts)
    if not right:
        return 0.0
    lists = [
        Ranked(_ranking(weights, known.get(person, {}), popular), items) for person, items in sorted(right.items())
    ]
    return sum(ndcg(one, DEPTH) for one in lists) / len(lists)


def is_measurable(parts: Parts) -> bool:
    """Whether anyone chose something later that is new to them and known to the earlier part."""
    return bool(_right(parts))


def scores_for(weights: Weights, chosen: Mapping[str, float]) -> dict[str, float]:
    """Item → Σ over what was chosen of choice weight · item weight."""
    found: dict[str, float] = {}
    for item, weight in chosen.items():
        for other, share in weights.get(item, {}).items():
            found[other] = found.get(other, 0.0) + weight * share
    return found


def _known(parts: Parts) -> dict[str, dict[str, float]]:
    """Person → item → how much of a choice it was, in the earlier part."""
    known: dict[str, dict[str, float]] = {}
    for one in parts.earlier:
        mine = known.setdefault(one.person, {})
        mine[one.item] = max(mine.get(one.item, 0.0), one.weight)
    return known


def _right(parts: Parts) -> dict[str, set[str]]:
    known, there = _known(parts), {one.item for one in parts.earlier}
    right: dict[str, set[str]] = {}
    for one in parts.later:
        if one.item not in known.get(one.person, {}) and one.item in there:
            right.setdefault(one.person, set()).add(one.item)
    return right


def _ranking(weights: Weights, chosen: Mapping[str, float], popular: Mapping[str, int]) -> list[str]:
    scores = scores_for(weights, chosen)
    return sorted(
        (item for item in popular if item not in chosen),
        key=lambda item: (-scores.get(item, 0.0), -popular[item], item),
    )
