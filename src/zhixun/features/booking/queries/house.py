"""The whole house's bookings, for operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking, Step
from zhixun.features.booking.rules import State
from zhixun.kernel.tables import any_of

from .bookings import BookingView, view_of


@dataclass(frozen=True)
class Funnel:
    """Of the bookings asked for in a period: how many were paid, how many of those were held to the end, and for how many
    the time has not come yet: nothing can be said about those."""

    asked: int
    paid: int
    completed: int
    ahead: int


@dataclass(frozen=True)
class HouseFigures:
    """Two periods of the house beside each other, and how many bookings wait for something that should have happened."""

    now: Funnel
    before: Funnel
    sessions_now: int
    """Sessions that ended in the period, whenever they were booked."""
    sessions_before: int
    stuck: int


def house_figures(db: Session, now: datetime, *, since: datetime, before: datetime) -> HouseFigures:
    """From `since` on, and from `before` to `since`, for operators. One statement."""
    paid = select(Step.number).where(Step.booking_id == Booking.id, Step.state == State.PAID).exists()

    def count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(and_(*conditions))

    this, last = Booking.created_at >= since, and_(Booking.created_at >= before, Booking.created_at < since)
    done = Booking.state == State.COMPLETED
    ahead = and_(Booking.state.in_((State.PAID, State.CONFIRMED, State.IN_PROGRESS)), Booking.ends_at > now)
    row = db.execute(
        select(
            *(count(which, *more) for which in (this, last) for more in ((), (paid,), (done,), (ahead,))),
            count(done, Booking.completed_at >= since),
            count(done, Booking.completed_at >= before, Booking.completed_at < since),
            count(_is_stuck(now)),
        ).where(or_(Booking.created_at >= before, Booking.completed_at >= before, _is_stuck(now)))
    ).one()  # fmt: skip
    return HouseFigures(Funnel(*row[:4]), Funnel(*row[4:8]), *row[8:])


def house_list(
    db: Session, now: datetime, *, state: str = "", before: datetime | None = None, limit: int = 30,
    number: str = "", people: Sequence[str] | None = None,
) -> list[BookingView]:  # fmt: skip
    """Bookings of the whole house, the newest first, for operators. `state` is a state, "stuck" or nothing; `before`
    (the instant a booking was made) pages on. `number` is the end of a booking's id, `people` are on either side."""
    wanted = select(Booking)
    if number:
        wanted = wanted.where(Booking.id.endswith(number, autoescape=True))
    if people is not None:
        wanted = wanted.where(or_(Booking.client_id == any_of(people), Booking.consultant_id == any_of(people)))
    if state == "stuck":
        wanted = wanted.where(_is_stuck(now))
    elif state == State.EXPIRED:
        lapsed = and_(Booking.state == State.HELD, Booking.hold_expires_at <= now)
        wanted = wanted.where(or_(Booking.state == State.EXPIRED, lapsed))
    elif state == State.HELD:
        wanted = wanted.where(Booking.state == State.HELD, Booking.hold_expires_at > now)
    elif state:
        wanted = wanted.where(Booking.state == state)
    if before is not None:
        wanted = wanted.where(Booking.created_at < before)
    return [view_of(row, now) for row in db.scalars(wanted.order_by(Booking.created_at.desc()).limit(limit))]


def booked_minutes(db: Session, *, from_: datetime, until: datetime) -> dict[str, int]:
    """Consultant id → minutes of paid sessions that start in [from_, until)."""
    paid = (State.PAID, State.REQUESTED, State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED)
    rows = db.execute(
        select(Booking.consultant_id, func.sum(Booking.minutes))
        .where(Booking.starts_at >= from_, Booking.starts_at < until, Booking.state.in_(paid))
        .group_by(Booking.consultant_id)
    )
    return {consultant_id: int(minutes) for consultant_id, minutes in rows}


def _is_stuck(now: datetime) -> ColumnElement[bool]:
    """Past its exit by time, or its release, by more than the clock may be late."""
    late = now - rules.CLOCK_LATE_MAX
    return or_(
        and_(Booking.state.in_((State.HELD, State.PAID)), Booking.hold_expires_at <= late),
        and_(Booking.state == State.REQUESTED, Booking.answer_by <= late),
        and_(Booking.state.in_((State.CONFIRMED, State.IN_PROGRESS)), Booking.ends_at <= late),
        and_(Booking.release_at <= late, Booking.released_at.is_(None)),
    )
