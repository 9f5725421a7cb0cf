from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Actor

from . import rules
from .models import Presence
from .rules import Stay


@dataclass(frozen=True)
class Attendance:
    """Who was in the room of a session. `client` and `consultant` are all of their stays; `both_seconds` counts from
    the session's beginning to its end (0 while it has not begun)."""

    client: tuple[Stay, ...]
    consultant: tuple[Stay, ...]
    client_seconds: int
    consultant_seconds: int
    both_seconds: int

    def of(self, booking: BookingView, user_id: str) -> tuple[Stay, ...]:
        return self.client if user_id == booking.client_id else self.consultant


@dataclass(frozen=True)
class Seen:
    """One person in the room from `joined_at` to `left_at` (None: still, last seen at `seen_at`)."""

    user_id: str
    joined_at: datetime
    left_at: datetime | None
    seen_at: datetime


def attendance(db: Session, booking_id: str, actor: Actor, now: datetime) -> Attendance:
    """For the two people and for operators. Raises NotFound."""
    return attendance_of(db, bookings.booking(db, booking_id, actor, now))


def attendance_of(db: Session, booking: BookingView) -> Attendance:
    """The same for callers that have the booking, and so may see it. One statement."""
    return attendance_from(presences_of(db, booking.id), booking)


def presences_of(db: Session, booking_id: str) -> tuple[Seen, ...]:
    """What the gateway saw in the room of a session. One statement; for the asker's eyes only with the booking."""
    rows = db.scalars(select(Presence).where(Presence.booking_id == booking_id))
    return tuple(Seen(row.user_id, row.joined_at, row.left_at, row.seen_at) for row in rows)


def attendance_from(seen_there: Sequence[Seen], booking: BookingView) -> Attendance:
    seen: dict[str, list[tuple[datetime, datetime]]] = {booking.client_id: [], booking.consultant_id: []}
    until = booking.completed_at or booking.seen_at
    for one in seen_there:
        seen[one.user_id].append((one.joined_at, one.left_at or rules.gone_at(one.seen_at, until)))
    client, consultant = rules.stays(seen[booking.client_id]), rules.stays(seen[booking.consultant_id])
    counted_client, counted_consultant = (
        rules.within(one, booking.began_at, until) if booking.began_at else [] for one in (client, consultant)
    )
    return Attendance(
        tuple(client), tuple(consultant), rules.seconds_of(counted_client), rules.seconds_of(counted_consultant),
        rules.seconds_of(rules.together(counted_client, counted_consultant)),
    )  # fmt: skip


def own_booking(db: Session, booking_id: str, actor: Actor, now: datetime) -> BookingView:
    """A booking whose room is the asker's. Raises NotFound, for operators too: a room is for the two people in it."""
    found = bookings.booking(db, booking_id, actor, now)
    if actor.user_id not in (found.client_id, found.consultant_id):
        raise NotFound
    return found
