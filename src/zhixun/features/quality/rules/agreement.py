"""How far experts agree, and who marks higher or lower than the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import sqrt
from statistics import mean, stdev

Z_95 = 1.96
SHARED_MIN = 3
"""Below so many shared sessions a bias is not shown: it would say more about luck."""


@dataclass(frozen=True)
class Bias:
    """How much higher (+) or lower (−) than the others' mean on the same sessions someone marks, in points of the scale."""

    mean: float
    margin: float
    """Half the 95 % interval."""
    count: int
    """Sessions shared with others."""

    @property
    def is_clear(self) -> bool:
        return self.count >= SHARED_MIN and abs(self.mean) > self.margin


def alpha_ordinal(units: Iterable[Sequence[int]]) -> float | None:
    """Krippendorff's α for ranks: 1 is perfect agreement, 0 is what chance gives; None where nothing can be compared.

    Each unit holds the marks different people gave the same thing. With coincidences o(c,k) and marginals n(c),
    α = 1 − (n−1) · Σ o(c,k)·δ²(c,k) / Σ n(c)·n(k)·δ²(c,k), where δ(c,k) = Σ n(g) for g from c to k, less half of the
    two ends (Krippendorff, *Computing Krippendorff's Alpha-Reliability*, 2011, section E).
    """
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for marks in units:
        if len(marks) > 1:
            for pair in permutations(marks, 2):
                weights[pair] += 1 / (len(marks) - 1)
    marginals: dict[int, float] = defaultdict(float)
    for (one, _), weight in weights.items():
        marginals[one] += weight
    distance = {pair: _ordinal_distance(*pair, marginals) for pair in permutations(marginals, 2)}
    expected = sum(marginals[one] * marginals[other] * far for (one, other), far in distance.items())
    if not expected:
        return None
    observed = sum(weights[pair] * far for pair, far in distance.items() if pair in weights)
    return 1 - (sum(marginals.values()) - 1) * observed / expected


def biases(scores: Mapping[str, Mapping[str, float]]) -> dict[str, Bias]:
    """Reviewer → their bias. `scores` holds per session what each reviewer gave: own score less the others' mean."""
    apart: dict[str, list[float]] = defaultdict(list)
    for given in scores.values():
        for reviewer, score in given.items():
            others = [other for who, other in given.items() if who != reviewer]
            if others:
                apart[reviewer].append(score - mean(others))
    return {
        who: Bias(mean(found), Z_95 * stdev(found) / sqrt(len(found)) if len(found) > 1 else 0.0, len(found))
        for who, found in apart.items()
    }


def _ordinal_distance(one: int, other: int, marginals: Mapping[int, float]) -> float:
    low, high = min(one, other), max(one, other)
    between = sum(count for rank, count in marginals.items() if low <= rank <= high)
    return float((between - (marginals[low] + marginals[high]) / 2) ** 2)
