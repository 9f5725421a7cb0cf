"""What stands in a person's subscribed calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from zhixun.features.booking.models import Booking, Feed, Step
from zhixun.features.booking.rules import State
from zhixun.kernel.errors import NotFound

from .bookings import BookingView, view_of

FEED_REACHES_BACK = timedelta(days=60)
FEED_ENTRIES_MAX = 500
IN_CALENDAR = (State.REQUESTED, State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED)


def feed_of(db: Session, user_id: str) -> str | None:
    """The id of a person's calendar feed, if they have one."""
    return db.scalar(select(Feed.id).where(Feed.user_id == user_id))


def feed_owner(db: Session, feed_id: str) -> str:
    """Whose feed it is. Raises NotFound for one that was never given or has been taken back."""
    owner = db.scalar(select(Feed.user_id).where(Feed.id == feed_id))
    if owner is None:
        raise NotFound
    return owner


def in_calendar(db: Session, user_id: str, now: datetime) -> list[BookingView]:
    """A person's agreed sessions and what they wait to agree on, as client and consultant, from some weeks back on, soonest first."""
    mine = or_(Booking.client_id == user_id, Booking.consultant_id == user_id)
    agreed = (mine, Booking.state.in_(IN_CALENDAR), Booking.starts_at > now - FEED_REACHES_BACK)
    rows = db.scalars(select(Booking).where(*agreed).order_by(Booking.starts_at).limit(FEED_ENTRIES_MAX))
    return [view_of(row, now) for row in _once_per_group(rows, user_id)]


def agreed_from(db: Session, consultant_id: str, from_: datetime) -> list[str]:
    """Ids of a consultant's sessions that start from `from_` on: those that stand, and those that were cancelled."""
    theirs = (Booking.consultant_id == consultant_id, Booking.starts_at >= from_)
    known = Booking.state.in_((*IN_CALENDAR, State.CANCELLED))
    rows = select(Booking.id).where(*theirs, known).order_by(Booking.starts_at, Booking.id)
    return list(db.scalars(rows.limit(FEED_ENTRIES_MAX)))


def was_agreed(db: Session, booking_id: str) -> bool:
    """Whether a session was ever confirmed: nothing else has ever stood in a calendar."""
    step = select(Step.number).where(Step.booking_id == booking_id, Step.state == State.CONFIRMED)
    return db.scalar(step.limit(1)) is not None


def _once_per_group(rows: Iterable[Booking], user_id: str) -> Iterator[Booking]:
    """A consultant has one appointment with a group, however many seats are taken."""
    seen: set[str] = set()
    for row in rows:
        if row.group_id and row.consultant_id == user_id:
            if row.group_id in seen:
                continue
            seen.add(row.group_id)
        yield row
