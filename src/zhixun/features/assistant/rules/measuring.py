"""How good answers are: the figures that `zhixun assistant evaluate` prints, from ranks and confidences."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

RANKS = (1, 5, 10, 20, 100)


def ndcg(ranked: Sequence[str], right: Collection[str], first: int = 10) -> float:
    """Normalised discounted cumulative gain of the first places, 0 to 1; every right one counts alike."""
    gained = sum(1 / math.log2(place + 2) for place, one in enumerate(ranked[:first]) if one in right)
    best = sum(1 / math.log2(place + 2) for place in range(min(first, len(right))))
    return gained / best if best else 0.0


def reciprocal_rank(ranked: Sequence[str], right: Collection[str], first: int = 10) -> float:
    return next((1 / (place + 1) for place, one in enumerate(ranked[:first]) if one in right), 0.0)


def recall(ranked: Sequence[str], right: Collection[str], first: int) -> float:
    return len(set(ranked[:first]) & set(right)) / len(right) if right else 0.0


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that one of the positive is higher than one of the negative; ties count half. O(n log n)."""
    if not positive or not negative:
        return float("nan")
    marked = sorted([(score, 1) for score in positive] + [(score, 0) for score in negative])
    ranks, at = 0.0, 0
    while at < len(marked):
        end = at
        while end < len(marked) and marked[end][0] == marked[at][0]:
            end += 1
        ranks += sum(is_positive for _, is_positive in marked[at:end]) * (at + 1 + end) / 2
        at = end
    count = len(positive)
    return (ranks - count * (count + 1) / 2) / (count * len(negative))


def share_at_precision(right: Sequence[float], wrong: Sequence[float], precision: float = 0.95) -> float:
    """How many of the answerable are answered rightly, 0 to 1, at the lowest bar that keeps the precision."""
    marked = sorted([(score, 1) for score in right] + [(score, 0) for score in wrong], reverse=True)
    hits, best = 0, 0
    for count, (_, is_right) in enumerate(marked, 1):
        hits += is_right
        if hits / count >= precision:
            best = hits
    return best / len(right) if right else 0.0


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
