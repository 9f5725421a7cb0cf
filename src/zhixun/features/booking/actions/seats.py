"""Seats of group sessions. Nobody ever waits for a seat's row: a seat someone is busy with is not free."""

from __future__ import annotations

from sqlalchemy import func, select, update

from zhixun.features.booking.models import Booking, Seat
from zhixun.features.booking.rules import State
from zhixun.kernel.unit_of_work import UnitOfWork


def take(uow: UnitOfWork, *, group_id: str, booking_id: str) -> int | None:
    """The number of a free seat, which is now this booking's; None where there is none."""
    free = select(Seat.number).where(Seat.group_id == group_id, Seat.booking_id.is_(None)).order_by(Seat.number)
    number = uow.db.scalar(free.limit(1).with_for_update(skip_locked=True))
    if number is not None:
        mine = update(Seat).where(Seat.group_id == group_id, Seat.number == number).values(booking_id=booking_id)
        uow.db.execute(mine)
    return number


def keep(uow: UnitOfWork, booking: Booking) -> bool:
    """Whether a paid booking has a seat: the one held for it, or after that had ended any that is free by now. Who comes
    to a group whose consultant is in the room already finds them there."""
    others = select(Booking.id).where(
        Booking.group_id == booking.group_id, Booking.client_id == booking.client_id, Booking.id != booking.id,
        Booking.state.in_((State.HELD, State.CONFIRMED, State.IN_PROGRESS)),
    )  # fmt: skip
    if uow.db.scalar(others.limit(1)) is not None:
        return False  # one seat each: who has taken another meanwhile gets the money for this one back
    held = uow.db.scalar(select(Seat.number).where(Seat.booking_id == booking.id))
    if held is None and take(uow, group_id=booking.group_id or "", booking_id=booking.id) is None:
        return False
    came = select(func.min(Booking.consultant_joined_at)).where(Booking.group_id == booking.group_id)
    booking.consultant_joined_at = booking.consultant_joined_at or uow.db.scalar(came)
    return True


def give_back(uow: UnitOfWork, booking: Booking) -> None:
    """The seat is free again. One whose group is being called off at this moment is gone with it."""
    let_go(uow, booking.id)


def let_go(uow: UnitOfWork, booking_id: str) -> None:
    mine = select(Seat.group_id, Seat.number).where(Seat.booking_id == booking_id).with_for_update(skip_locked=True)
    for group_id, number in uow.db.execute(mine).all():
        free = update(Seat).where(Seat.group_id == group_id, Seat.number == number).values(booking_id=None)
        uow.db.execute(free)


def kept(uow: UnitOfWork, group_id: str) -> bool:
    """Whether a seat is kept for somebody who has not taken it yet."""
    booked = select(Booking.id).where(Booking.id == Seat.booking_id).exists()
    waits = select(Seat.number).where(Seat.group_id == group_id, Seat.booking_id.is_not(None), ~booked)
    return uow.db.scalar(waits.limit(1)) is not None
