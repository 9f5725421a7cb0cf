"""A few numbers made an honest figure: the plain mean, and beside it what it says once luck is taken out.

The mean over n numbers is the published formula, S = Σ sᵢ / n. Beside it stands the shrunk estimate of a random-effects
model (one-way analysis of variance, method of moments; Searle, Casella & McCulloch, *Variance Components*, 1992, ch. 3):
every consultant has a true level drawn around the house's mean with variance τ², every number scatters around it with
variance σ². Then the best guess is (Σ sᵢ + k·m) / (n + k) with k = σ²/τ² and the house's mean m, and its 95 % interval
is ± 1.96 · √(σ² / (n + k)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

SCALE_MIN, SCALE_MAX = 1.0, 5.0
Z_95 = 1.96
GROUPS_MIN = 3
"""Below so many consultants with two numbers or more nothing can be said about how they differ."""
WEIGHT_MIN, WEIGHT_MAX = 1.0, 50.0
WITHIN_MIN = 0.05
"""Nobody is as even as a few equal answers look."""


@dataclass(frozen=True)
class Group:
    """The numbers of one consultant: how many, their sum and the sum of their squares."""

    count: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0


@dataclass(frozen=True)
class Population:
    """How the house's consultants spread: mean m, variance within one consultant (σ²) and the weight k of m."""

    mean: float
    within: float
    weight: float


@dataclass(frozen=True)
class Estimate:
    """`mean` of `count` numbers, and the shrunk `value` with its 95 % interval; all on the 1–5 scale."""

    mean: float
    count: int
    value: float
    low: float
    high: float


UNKNOWN = Population(mean=4.0, within=0.6, weight=6.0)
"""Where the house has too few numbers of its own."""


def population_of(groups: Sequence[Group]) -> Population:
    """σ², τ² and m of the house from each consultant's numbers."""
    known = [group for group in groups if group.count]
    total = sum(group.count for group in known)
    if sum(group.count > 1 for group in known) < GROUPS_MIN:
        return UNKNOWN
    grand = sum(group.total for group in known) / total
    inside = sum(group.squares - group.total**2 / group.count for group in known)
    within = max(inside / (total - len(known)), WITHIN_MIN)
    across = sum(group.count * (group.mean - grand) ** 2 for group in known) / (len(known) - 1)
    typical = (total - sum(group.count**2 for group in known) / total) / (len(known) - 1)
    between = max((across - within) / typical, within / WEIGHT_MAX)
    return Population(grand, within, min(max(within / between, WEIGHT_MIN), WEIGHT_MAX))


def estimate(group: Group, population: Population) -> Estimate:
    """The mean of one consultant's numbers and what it says without luck; with no number it is the house's mean."""
    weight = group.count + population.weight
    value = (group.total + population.weight * population.mean) / weight
    margin = Z_95 * sqrt(population.within / weight)
    return Estimate(group.mean, group.count, value, max(value - margin, SCALE_MIN), min(value + margin, SCALE_MAX))
