from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, literal, select, union_all
from sqlalchemy.orm import Session

from zhixun.features.booking.queries import BookingView
from zhixun.features.quality import rules
from zhixun.features.quality.models import Feedback, FollowUp, Summary
from zhixun.kernel.sealed import unseal
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Actor

OWED_SHOWN = 20
OWED_WITHIN = timedelta(days=9)
"""What was owed longer ago is late for good and no longer asked for."""


@dataclass(frozen=True)
class SummaryView:
    text: str
    written_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class FollowUpView:
    question: str
    asked_at: datetime
    due_at: datetime
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True)
class OwedLine:
    """Something a consultant owes after a session: a summary, or the answer to the included question."""

    booking_id: str
    what: str
    due_at: datetime


def summary_for(db: Session, booking_id: str, *, reader: Actor | None) -> SummaryView | None:
    """For callers that have already decided who may see it; `reader` is a third, and None for the two of the session."""
    row = db.get(Summary, booking_id)
    if row is None:
        return None
    text = unseal(db, Summary.text, row=booking_id, person=row.client_id, sealed=row.text, reader=reader)
    return SummaryView(text, row.written_at, row.changed_at)


def follow_up_for(db: Session, booking_id: str) -> FollowUpView | None:
    """For callers that have already decided that the asker is one of the two."""
    row = db.get(FollowUp, booking_id)
    if row is None:
        return None
    question = unseal(db, FollowUp.question, row=booking_id, person=row.client_id, sealed=row.question, reader=None)
    answer = unseal(db, FollowUp.answer, row=booking_id, person=row.client_id, sealed=row.answer, reader=None)
    return FollowUpView(question, row.asked_at, row.due_at, answer, row.answered_at)


@dataclass(frozen=True)
class SaidAfter:
    """Whether a session has its feedback, and its written summary."""

    feedback: bool
    summary: bool


def said_after(db: Session, booking_id: str) -> SaidAfter:
    """One statement."""
    feedback, summary = (exists().where(one.booking_id == booking_id) for one in (Feedback, Summary))
    return SaidAfter(*db.execute(select(feedback, summary)).one())


def summaries_written(db: Session, booking_ids: Sequence[str]) -> dict[str, datetime]:
    """Booking id → when its summary was first there."""
    rows = db.execute(select(Summary.booking_id, Summary.written_at).where(Summary.booking_id == any_of(booking_ids)))
    return dict(rows.all())


def after_sessions(
    db: Session, consultant_id: str, sessions: Sequence[BookingView]
) -> tuple[dict[str, datetime], list[OwedLine]]:
    """When the summaries of a consultant's sessions were first there, and what is still owed of the last days, the most
    urgent first. One statement."""
    ids = [one.id for one in sessions]
    rows = db.execute(
        union_all(
            select(Summary.booking_id, literal("summary"), Summary.written_at).where(Summary.booking_id == any_of(ids)),
            select(FollowUp.booking_id, literal("answer"), FollowUp.due_at)
            .where(FollowUp.consultant_id == consultant_id, FollowUp.answered_at.is_(None)),
        )
    ).all()  # fmt: skip
    written = {booking_id: at for booking_id, what, at in rows if what == "summary"}
    owed = [OwedLine(booking_id, what, at) for booking_id, what, at in rows if what == "answer"]
    newest = max((one.seen_at for one in sessions), default=None)
    owed += [
        OwedLine(one.id, "summary", one.completed_at + rules.SUMMARY_OWED)
        for one in sessions
        if one.completed_at and newest and one.id not in written and one.completed_at > newest - OWED_WITHIN
    ]
    return written, sorted(owed, key=lambda one: one.due_at)[:OWED_SHOWN]
