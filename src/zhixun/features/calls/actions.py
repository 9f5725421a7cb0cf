from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.calls import AttendanceRecorded, BothPresent
from zhixun.features.booking import actions as booking_actions
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import State
from zhixun.kernel.errors import N_, Conflict
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

from . import queries, rules
from .models import Presence, Record


class RoomClosed(Conflict):
    code, message = "room_closed", N_("This session room is not open.")


def come_in(uow: UnitOfWork, *, booking: BookingView) -> State:
    """The asker is in the room, or still is; the session may begin by it. Raises RoomClosed."""
    if booking.state not in rules.CALL_IS_OPEN:
        raise RoomClosed
    state = booking_actions.join_session(uow, booking_id=booking.id)
    mine = (Presence.booking_id == booking.id, Presence.user_id == uow.actor.user_id, Presence.left_at.is_(None))
    gone = (Presence.seen_at < uow.now - rules.ALIVE,)
    uow.db.execute(update(Presence).where(*mine, *gone).values(left_at=Presence.seen_at))
    new = insert(Presence).values(
        id=new_id(), booking_id=booking.id, user_id=uow.actor.user_id, joined_at=uow.now, seen_at=uow.now
    )
    uow.db.execute(
        new.on_conflict_do_update(
            index_elements=["booking_id", "user_id"], index_where=text("left_at IS NULL"),
            set_={"seen_at": func.greatest(Presence.seen_at, new.excluded.seen_at)},
        )
    )  # fmt: skip
    _note_both(uow, booking)
    return state


def note_stay(uow: UnitOfWork, *, booking_id: str, user_id: str, joined_at: datetime, left_at: datetime) -> None:
    """A stay of the past, for the system only (sample data). Twice is once."""
    assert uow.actor.is_a("system"), "people come in by their own browser"
    stay_id = hashlib.sha256(f"stay:{booking_id}:{user_id}:{joined_at.isoformat()}".encode()).hexdigest()[:32]
    new = insert(Presence).values(
        id=stay_id, booking_id=booking_id, user_id=user_id, joined_at=joined_at, seen_at=left_at, left_at=left_at
    )
    uow.db.execute(new.on_conflict_do_nothing())


def go_out(uow: UnitOfWork, *, booking: BookingView) -> None:
    """The asker has left the room. Whoever is still there in another tab says so, and comes in anew."""
    mine = (Presence.booking_id == booking.id, Presence.user_id == uow.actor.user_id, Presence.left_at.is_(None))
    left = func.greatest(Presence.seen_at, uow.now)
    uow.db.execute(update(Presence).where(*mine).values(left_at=left, seen_at=left))


def record_attendance(uow: UnitOfWork, *, booking_id: str) -> None:
    """Write down what a completed session's attendance came to, once, and state it. For the system."""
    booking = bookings.booking(uow.db, booking_id, uow.actor, uow.now)
    uow.db.execute(insert(Record).values(**_nothing(booking_id)).on_conflict_do_nothing())
    record = uow.db.scalar(select(Record).where(Record.booking_id == booking_id).with_for_update())
    assert record is not None
    if record.recorded_at is not None or booking.completed_at is None:
        return
    open_ = (Presence.booking_id == booking_id, Presence.left_at.is_(None))
    ended = func.greatest(Presence.joined_at, func.least(Presence.seen_at + rules.ALIVE, booking.completed_at))
    uow.db.execute(update(Presence).where(*open_).values(left_at=ended))
    uow.db.expire_all()
    found = queries.attendance_of(uow.db, booking)
    record.recorded_at = uow.now
    record.client_seconds, record.consultant_seconds = found.client_seconds, found.consultant_seconds
    record.both_seconds = found.both_seconds
    uow.emit(
        AttendanceRecorded(
            booking_id=booking_id, client_id=booking.client_id, consultant_id=booking.consultant_id,
            client_seconds=found.client_seconds, consultant_seconds=found.consultant_seconds,
            both_seconds=found.both_seconds,
        )
    )  # fmt: skip


def _note_both(uow: UnitOfWork, booking: BookingView) -> None:
    """State, once per session, that both are there."""
    here = select(func.count(Presence.user_id.distinct())).where(
        Presence.booking_id == booking.id, Presence.left_at.is_(None), Presence.seen_at >= uow.now - rules.ALIVE
    )
    if uow.db.scalar(here) != 2:
        return
    new = insert(Record).values(**_nothing(booking.id) | {"both_at": uow.now})
    first = uow.db.scalar(new.on_conflict_do_nothing().returning(Record.booking_id))
    if first is not None:
        uow.emit(BothPresent(booking_id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id))


def _nothing(booking_id: str) -> dict[str, object]:
    return {"booking_id": booking_id, "client_seconds": 0, "consultant_seconds": 0, "both_seconds": 0}
