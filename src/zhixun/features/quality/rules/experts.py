"""Who reads which session, what they mark, and when a third is asked.

An expert marks each line of the field's rubric from 1 to 5; the score is the mean weighted by the rubric. Two read each
session without knowing of each other; a third does where their scores are further apart than DIFFERENCE_MAX.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from zhixun.features.catalog.rules import RubricLine
from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import plain_text

MARK_MIN, MARK_MAX = 1, 5
SEATS, SEATS_MAX = 2, 3
DIFFERENCE_MAX = 1.0
"""Points on the 1–5 scale by which two scores may differ before a third expert is asked."""
SEAT_LASTS = timedelta(hours=72)
"""Whoever takes a session has so long; then another may take it."""
SEATS_HELD_MAX = 3
CASE_LASTS = timedelta(days=14)
"""After this a session is closed with the reviews it has."""
SAMPLED_WITHIN = timedelta(days=14)
"""Only sessions completed no longer ago are chosen."""
READ_AGAIN_AFTER = timedelta(days=10)
"""So long a consultant's sessions rest after one was chosen, so that the experts' time reaches everybody."""
CASES_PER_NIGHT = 12
EXPERT_WORDS_LENGTH_MAX = 2_000


@dataclass(frozen=True)
class Candidate:
    """A completed session whose client agreed; `reviews` its consultant has so far."""

    booking_id: str
    consultant_id: str
    reviews: int


def choose_cases(candidates: Sequence[Candidate], *, count: int) -> list[str]:
    """Booking ids, at most one per consultant, those with the fewest reviews first. Which of a consultant's sessions it
    is, and who comes first among equals, follows the ids' hashes: nobody can steer it, and twice gives the same."""
    chosen: dict[str, Candidate] = {}
    for one in sorted(candidates, key=lambda one: _lot(one.booking_id)):
        chosen.setdefault(one.consultant_id, one)
    order = sorted(chosen.values(), key=lambda one: (one.reviews, _lot(one.booking_id)))
    return [one.booking_id for one in order[:count]]


def check_marks(marks: Mapping[str, int], rubric: Sequence[RubricLine]) -> dict[str, int]:
    """A mark for every line of the rubric and nothing else. Raises Invalid naming each line that lacks one."""
    wrong = {
        line.name: N_("Please choose 1 to 5.")
        for line in rubric
        if type(marks.get(line.name)) is not int or not MARK_MIN <= marks[line.name] <= MARK_MAX
    }
    if wrong:
        raise Invalid(fields=wrong)
    return {line.name: marks[line.name] for line in rubric}


def check_words(*, good: str, learn: str) -> tuple[str, str]:
    """What was good, and what to learn, as they are kept. Raises Invalid; the second is owed, for it is what helps."""
    texts = {"good": plain_text(good), "learn": plain_text(learn)}
    wrong = {
        name: N_("Please keep it under 2,000 characters.")
        for name, text in texts.items()
        if len(text) > EXPERT_WORDS_LENGTH_MAX
    }
    if not texts["learn"]:
        wrong["learn"] = N_("Please write one thing to learn from, even in a good session.")
    if wrong:
        raise Invalid(fields=wrong)
    return texts["good"], texts["learn"]


def weighted_score(marks: Mapping[str, int], rubric: Sequence[RubricLine]) -> float:
    """Σ wᵢ·mᵢ / Σ wᵢ over the rubric's lines, 1 to 5."""
    return sum(line.weight_bps * marks[line.name] for line in rubric) / sum(line.weight_bps for line in rubric)


def seats_needed(scores: Sequence[float]) -> int:
    """How many experts a session needs, seeing the scores so far."""
    apart = len(scores) >= SEATS and max(scores) - min(scores) > DIFFERENCE_MAX
    return SEATS_MAX if apart else SEATS


def _lot(booking_id: str) -> str:
    return hashlib.sha256(f"lot:{booking_id}".encode()).hexdigest()
