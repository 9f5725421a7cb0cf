"""What a report says beyond its numbers: what moved, and what to try next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import plain_text

from .conduct import ConductFigures

PERIODS = {"30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365)}
PERIOD = "90"
POINTS = 12
"""Into so many parts a period is cut for the chart."""
MOVED_FROM = 0.1
"""Smaller changes are noise."""
MOVERS_SHOWN = 3
LESSONS_SHOWN = 2
SUGGESTIONS_SHOWN = 3
LATE_SHARE_MAX, SUMMARY_SHARE_MIN, ANSWER_HOURS_MAX = 0.1, 0.9, 12.0
LINE_WEAK = 3.5
"""A line of the rubric below this is worth a suggestion."""
REASON_LENGTH_MIN, REASON_LENGTH_MAX = 20, 2_000
APPEAL_LASTS = timedelta(days=7)
"""An appeal is decided within this time."""
APPEAL_WITHIN = timedelta(days=30)
"""So long after it was given a review can be appealed against."""
APPEAL_KINDS = ("feedback", "expert")


@dataclass(frozen=True)
class Mover:
    """A dimension whose mean changed against the period before."""

    name: str
    now: float
    before: float

    @property
    def change(self) -> float:
        return self.now - self.before


def movers(now: Mapping[str, float], before: Mapping[str, float]) -> list[Mover]:
    """What changed most, up or down."""
    changed = [Mover(name, now[name], before[name]) for name in now if name in before]
    found = [one for one in changed if abs(one.change) >= MOVED_FROM]
    return sorted(found, key=lambda one: (-abs(one.change), one.name))[:MOVERS_SHOWN]


def suggestions(conduct: ConductFigures, dimensions: Mapping[str, float], lines: Mapping[str, float]) -> list[str]:
    """Codes of what to try, what weighs most first: "late", "summary", "answer", "dimension:NAME", "line:NAME"."""
    found = []
    if conduct.summaries_due and conduct.summary_share < SUMMARY_SHARE_MIN:
        found.append("summary")
    if conduct.sessions and conduct.late_share > LATE_SHARE_MAX:
        found.append("late")
    if conduct.answer_hours is not None and conduct.answer_hours > ANSWER_HOURS_MAX:
        found.append("answer")
    weak = sorted((mean, name) for name, mean in lines.items() if mean < LINE_WEAK)
    found += [f"line:{name}" for _, name in weak[:1]]
    if dimensions:
        found.append(f"dimension:{min(dimensions, key=lambda name: (dimensions[name], name))}")
    return found[:SUGGESTIONS_SHOWN]


def median_of(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def clean_reason(reason: str) -> str:
    """Why a review should not count. Raises Invalid."""
    text = plain_text(reason)
    if len(text) < REASON_LENGTH_MIN:
        raise Invalid(fields={"reason": N_("Please say in a sentence or two what is wrong about it.")})
    if len(text) > REASON_LENGTH_MAX:
        raise Invalid(fields={"reason": N_("Please keep it under 2,000 characters.")})
    return text
