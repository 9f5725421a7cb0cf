"""How consultants conduct themselves, session by session, and what else is known for the regression."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.messaging import queries as messaging
from zhixun.features.payments import queries as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.quality import rules
from zhixun.features.quality.models import Case, ExpertReview, Feedback
from zhixun.features.quality.rules import Conduct, Example
from zhixun.kernel.tables import any_of

from .summaries import summaries_written

LEARNED_WITHIN = timedelta(days=180)
REBOOKED_WITHIN = timedelta(days=60)
SOLVED_VALUES = {"yes": 1.0, "partly": 0.5, "no": 0.0}


def conduct_of(
    db: Session, sessions: Sequence[BookingView], written: Mapping[str, datetime], now: datetime
) -> dict[str, Conduct]:
    """Booking id → how its consultant conducted themselves; `written` says when each summary was there. One statement."""
    hours = messaging.answer_hours(
        db, consultant_ids={one.consultant_id for one in sessions},
        since=min((one.starts_at for one in sessions), default=now) - timedelta(days=14),
    )  # fmt: skip
    return {
        one.id: Conduct(
            rules.late_minutes(starts_at=one.starts_at, joined_at=one.consultant_joined_at),
            hours.get((one.client_id, one.consultant_id)),
            rules.summary_on_time(completed_at=one.completed_at, written_at=written.get(one.id), now=now)
            if one.completed_at
            else None,
        )
        for one in sessions
    }


def examples(db: Session, now: datetime) -> tuple[list[Example], dict[str, tuple[str, datetime]]]:
    """Every session of the last half year as the regression sees it, and whose it was and when. Seven statements."""
    sessions = bookings.completed_between(db, from_=now - LEARNED_WITHIN, until=now, now=now)
    ids = [one.id for one in sessions]
    conduct = conduct_of(db, sessions, summaries_written(db, ids), now)
    told, scores = _feedback_of(db, ids), _scores_of(db, ids)
    purposes = [purpose_of_booking(booking_id) for booking_id in ids]
    refunded = payments.refunded_purposes(db, purposes)
    again = _rebooked(sessions)
    found = [
        Example(
            one.id,
            _known(conduct[one.id], told.get(one.id))
            | {
                "rebooked": float(one.id in again),
                "refunded": float(purpose_of_booking(one.id) in refunded),
            },
            told[one.id].words if one.id in told else "",
            scores.get(one.id),
        )
        for one in sessions
    ]
    return found, {one.id: (one.consultant_id, one.starts_at) for one in sessions}


def _known(conduct: Conduct, told: Feedback | None) -> dict[str, float]:
    known = {"late_minutes": conduct.late_minutes}
    if conduct.answer_hours is not None:
        known["answer_hours"] = conduct.answer_hours
    if conduct.summary_on_time is not None:
        known["summary_on_time"] = float(conduct.summary_on_time)
    if told is not None:
        known |= {name: float(getattr(told, name)) for name in rules.DIMENSIONS}
        known |= {"nps": float(told.nps), "solved": SOLVED_VALUES[told.solved]}
        if told.words:  # those the client kept to themselves are not read by a machine either
            known["words_length"] = float(len(told.words))
    return known


def _feedback_of(db: Session, booking_ids: Sequence[str]) -> dict[str, Feedback]:
    wanted = select(Feedback).where(Feedback.booking_id == any_of(booking_ids), Feedback.set_aside_at.is_(None))
    return {row.booking_id: row for row in db.scalars(wanted)}


def _scores_of(db: Session, booking_ids: Sequence[str]) -> dict[str, float]:
    """The experts' mean of each closed session."""
    rows = db.execute(
        select(ExpertReview.case_id, func.avg(ExpertReview.score))
        .join(Case, Case.id == ExpertReview.case_id)
        .where(
            ExpertReview.case_id == any_of(booking_ids), ExpertReview.given_at.is_not(None),
            ExpertReview.set_aside_at.is_(None), Case.closed_at.is_not(None),
        ).group_by(ExpertReview.case_id)
    )  # fmt: skip
    return {case_id: float(score) for case_id, score in rows}


def _rebooked(sessions: Sequence[BookingView]) -> set[str]:
    """Sessions after which the same two held another, booked within REBOOKED_WITHIN."""
    pairs: dict[tuple[str, str], list[BookingView]] = defaultdict(list)
    for one in sessions:
        pairs[one.client_id, one.consultant_id].append(one)
    return {
        one.id
        for held in pairs.values()
        for one in held
        if any(one.ends_at < other.created_at <= one.ends_at + REBOOKED_WITHIN for other in held)
    }
