"""What time alone does to a booking."""

from __future__ import annotations

from zhixun.events.booking import BookingExpired
from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking
from zhixun.features.booking.rules import State
from zhixun.features.ledger import actions as ledger
from zhixun.features.plans import actions as plans
from zhixun.features.scheduling import actions as scheduling
from zhixun.kernel.unit_of_work import UnitOfWork

from . import seats
from .cancelling import cancel_and_refund
from .meeting import begin, complete, miss
from .paying import confirm_if_paid
from .record import become, both_came, locked, parties


def pass_time(uow: UnitOfWork, *, booking_id: str) -> State:
    """Take a booking's exits by time that have come: unpaid → expired, both there → in progress, over → completed,
    someone absent → no-show. Who has paid in time gets the time, even where its fact is still on the way."""
    booking = locked(uow, booking_id)
    while (way := _exit_by_time(booking)) and way.at <= uow.now:
        if way.to is State.EXPIRED:
            if confirm_if_paid(uow, booking_id=booking_id) is State.HELD:
                _expire(uow, booking)
        elif way.to is State.IN_PROGRESS:
            begin(uow, booking)
        elif way.to is State.COMPLETED:
            complete(uow, booking)
        elif way.to is State.NO_SHOW:
            miss(uow, booking)
        elif booking.state == State.REQUESTED:
            cancel_and_refund(uow, booking, 10_000, reason="unanswered")
        else:
            cancel_and_refund(uow, booking, 10_000, reason="unconfirmed")
    return State(booking.state)


def release_money(uow: UnitOfWork, *, booking_id: str) -> None:
    """Hand what is left in escrow to the consultant, less commission, once nobody can dispute any more."""
    booking = locked(uow, booking_id)
    if booking.released_at is not None or booking.release_at is None or booking.release_at > uow.now:
        return
    ledger.release_escrow(
        uow, booking_id=booking.id, consultant_id=booking.consultant_id, commission_bps=booking.commission_bps
    )
    booking.released_at = uow.now


def _exit_by_time(booking: Booking) -> rules.TimedExit | None:
    return rules.exit_by_time(
        State(booking.state), hold_expires_at=booking.hold_expires_at, starts_at=booking.starts_at,
        ends_at=booking.ends_at, both_came=both_came(booking), answer_by=booking.answer_by,
    )  # fmt: skip


def _expire(uow: UnitOfWork, booking: Booking) -> None:
    become(uow, booking, State.EXPIRED)
    if booking.group_id:
        seats.give_back(uow, booking)
    else:
        scheduling.let_time_lapse(uow, hold_id=booking.id)
    plans.return_benefits(uow, booking_id=booking.id, share_bps=10_000)
    uow.emit(BookingExpired(**parties(booking)))
