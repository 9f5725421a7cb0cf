"""How good a ranking is, held against what was chosen later. All from 0 to 1, except novelty (bits)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

DEPTH = 20


@dataclass(frozen=True)
class Ranked:
    """One question, or one person: what was suggested, the best first, and what was right."""

    ranking: Sequence[object]
    right: Collection[object]


def measured(lists: Sequence[Ranked], *, popularity: Mapping[object, int], items_count: int) -> dict[str, float]:
    """The mean over all lists of the usual figures at 1, 5, 10 and 20. `popularity`: how often each was chosen in training.

    Järvelin & Kekäläinen 2002 (NDCG); novelty is the mean self-information of what is suggested first (Vargas & Castells 2011).
    """
    told = [one for one in lists if one.right]
    if not told:
        return {}
    found = {
        "P@1": _mean(precision(one, 1) for one in told),
        "MRR": _mean(reciprocal_rank(one) for one in told),
        "MAP": _mean(average_precision(one) for one in told),
        "GM": _mean(precision(one, len(one.right)) for one in told),
    }
    for k in (5, 10, 20):
        found[f"precision@{k}"] = _mean(precision(one, k) for one in told)
        found[f"recall@{k}"] = _mean(recall(one, k) for one in told)
        found[f"NDCG@{k}"] = _mean(ndcg(one, k) for one in told)
    shown = {item for one in told for item in one.ranking[:10]}
    found["coverage@10"] = len(shown) / max(1, items_count)
    whole = sum(popularity.values()) or 1
    found["novelty@10"] = _mean(
        math.log2(whole / max(1, popularity.get(item, 0))) for one in told for item in one.ranking[:10]
    )
    return {name: round(value, 4) for name, value in found.items()}


def precision(one: Ranked, k: int) -> float:
    return sum(item in one.right for item in one.ranking[:k]) / k


def recall(one: Ranked, k: int) -> float:
    return sum(item in one.right for item in one.ranking[:k]) / len(one.right)


def reciprocal_rank(one: Ranked) -> float:
    return next((1 / place for place, item in enumerate(one.ranking, 1) if item in one.right), 0.0)


def average_precision(one: Ranked) -> float:
    hits, total = 0, 0.0
    for place, item in enumerate(one.ranking, 1):
        if item in one.right:
            hits += 1
            total += hits / place
    return total / len(one.right)


def ndcg(one: Ranked, k: int) -> float:
    gained = sum(1 / math.log2(place + 1) for place, item in enumerate(one.ranking[:k], 1) if item in one.right)
    return gained / sum(1 / math.log2(place + 1) for place in range(1, min(k, len(one.right)) + 1))


def by_popularity(chosen: Sequence[object]) -> Counter[object]:
    return Counter(chosen)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
