"""Moving a session to another time, by either of the two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select

from zhixun.events.booking import BookingMoved
from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling import actions as scheduling
from zhixun.kernel.errors import N_, Conflict
from zhixun.kernel.unit_of_work import UnitOfWork

from .record import TooLate, become, own, parties, role_in


class MovedMeanwhile(Conflict):
    code, message = "moved_meanwhile", N_("This session has just been moved. Please look at its new time first.")


class TooManyMoves(Conflict):
    code, message = "too_many_moves", N_("You have moved this session three times. You can still cancel it.")


class TooCloseToMove(TooLate):
    code = "too_close_to_move"
    message = N_("A session can be moved until two hours before it. Your consultant can still move it for you.")


class WaitsForAnswer(TooLate):
    code = "waits_for_answer"
    message = N_("The consultant has not accepted this request yet. You can withdraw it and ask for another time.")


class SeatStays(TooLate):
    code = "seat_stays"
    message = N_("A seat in a group session cannot be moved. You can cancel it and take one on another date.")


def reschedule_booking(
    uow: UnitOfWork, *, booking_id: str, start: datetime, seen_start: datetime | None = None
) -> datetime:
    """Agree on another time; returns the new start. Moving to where it is already changes nothing.

    The slot engine decides as for everyone else, and what a client's cancelling gives back goes on counting from the
    start first booked. Whom the consultant moves may say no: see `rules.free_after_move`. `seen_start` is the start the
    asker saw; of two who move at the same moment the second is told, and moves nothing. Raises NotFound, TooLate,
    TooCloseToMove, TooManyMoves, MovedMeanwhile, SlotTaken or NotOffered (both with `alternatives`), Invalid.
    """
    before = seen_start or uow.db.scalar(select(Booking.starts_at).where(Booking.id == booking_id))
    booking = own(uow, booking_id)
    if booking.state == State.CONFIRMED and booking.starts_at == start:
        return booking.starts_at
    who = role_in(uow, booking)
    _check_movable(uow, booking, who)
    if booking.starts_at != before:
        raise MovedMeanwhile
    terms = replace(rules.terms_of(catalog.service(uow.db, booking.service_id)), minutes=booking.minutes)
    slot = scheduling.move_time(uow, hold_id=booking.id, terms=terms, start=start)
    booking.starts_at, booking.ends_at = slot.start, slot.end
    booking.moves += 1
    booking.moves_by_client += who == "client"
    booking.free_until = None if who == "client" else rules.free_after_move(uow.now, starts_at=slot.start)
    become(uow, booking, State.CONFIRMED, starts_at=slot.start)
    assert before is not None
    uow.emit(BookingMoved(**parties(booking), by=who, from_start=_written(before), to_start=_written(slot.start)))
    return slot.start


def _check_movable(uow: UnitOfWork, booking: Booking, who: str) -> None:
    if booking.state == State.REQUESTED:
        raise WaitsForAnswer
    if booking.group_id:
        raise SeatStays
    if booking.state != State.CONFIRMED or booking.starts_at <= uow.now:
        raise TooLate
    if who == "client" and booking.moves_by_client >= rules.MOVES_MAX:
        raise TooManyMoves
    if who == "client" and booking.starts_at - uow.now < rules.MOVE_UNTIL:
        raise TooCloseToMove


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
