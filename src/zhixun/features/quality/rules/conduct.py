"""What a consultant owes after a session, and how they conduct themselves: on time, answering, handing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import plain_text

SUMMARY_OWED = timedelta(hours=48)
"""A written summary is owed so long after the session."""
FOLLOW_UP_WITHIN = timedelta(days=7)
"""One question is included, asked so long after the session; it is answered within FOLLOW_UP_OWED."""
FOLLOW_UP_OWED = timedelta(hours=48)
SUMMARY_LENGTH_MIN, SUMMARY_LENGTH_MAX = 40, 8_000
QUESTION_LENGTH_MAX = 1_000
ANSWER_LENGTH_MAX = 4_000
LATE_AFTER = timedelta(minutes=2)
"""Who comes within so long after the start is on time."""


@dataclass(frozen=True)
class Conduct:
    """One session: minutes the consultant came late, hours their answers took (None where nothing was asked), and whether
    the summary was there in time (None while it is not yet due)."""

    late_minutes: float
    answer_hours: float | None
    summary_on_time: bool | None


@dataclass(frozen=True)
class ConductFigures:
    """Many sessions: shares from 0 to 1, the median of the hours. `sessions` is how many were held."""

    sessions: int
    late_share: float
    answer_hours: float | None
    summaries_due: int
    summary_share: float


def late_minutes(*, starts_at: datetime, joined_at: datetime | None) -> float:
    if joined_at is None or joined_at <= starts_at + LATE_AFTER:
        return 0.0
    return (joined_at - starts_at) / timedelta(minutes=1)


def summary_on_time(*, completed_at: datetime, written_at: datetime | None, now: datetime) -> bool | None:
    """None while it may still come in time."""
    due_at = completed_at + SUMMARY_OWED
    if written_at is not None:
        return written_at <= due_at
    return None if now < due_at else False


def conduct_figures(found: list[Conduct]) -> ConductFigures:
    due = [one.summary_on_time for one in found if one.summary_on_time is not None]
    hours = [one.answer_hours for one in found if one.answer_hours is not None]
    return ConductFigures(
        sessions=len(found),
        late_share=sum(one.late_minutes > 0 for one in found) / len(found) if found else 0.0,
        answer_hours=median(hours) if hours else None,
        summaries_due=len(due),
        summary_share=sum(due) / len(due) if due else 0.0,
    )


def clean_summary(text: str) -> str:
    """The summary as it is kept. Raises Invalid (too short to be of use, too long)."""
    kept = plain_text(text)
    if len(kept) < SUMMARY_LENGTH_MIN:
        raise Invalid(
            fields={
                "text": N_("Please write what was found, what was agreed and what comes next: 40 characters at least.")
            }
        )
    if len(kept) > SUMMARY_LENGTH_MAX:
        raise Invalid(fields={"text": N_("Please keep it under 8,000 characters.")})
    return kept


def clean_question(text: str) -> str:
    """Raises Invalid."""
    kept = plain_text(text)
    if not kept:
        raise Invalid(fields={"question": N_("Please write your question.")})
    if len(kept) > QUESTION_LENGTH_MAX:
        raise Invalid(fields={"question": N_("Please keep it under 1,000 characters.")})
    return kept


def clean_answer(text: str) -> str:
    """Raises Invalid."""
    kept = plain_text(text)
    if not kept:
        raise Invalid(fields={"answer": N_("Please write an answer.")})
    if len(kept) > ANSWER_LENGTH_MAX:
        raise Invalid(fields={"answer": N_("Please keep it under 4,000 characters.")})
    return kept
