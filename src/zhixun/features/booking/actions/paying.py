"""The money is in: the time is the client's, or the money goes back."""

from __future__ import annotations

from datetime import datetime

from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking
from zhixun.features.booking.rules import State
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.plans import actions as plans
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.kernel.errors import NotFound
from zhixun.kernel.unit_of_work import UnitOfWork

from . import seats
from .answering import ask_consultant
from .cancelling import cancel_and_refund
from .record import become, confirm, give_back, locked, was_ever


def confirm_if_paid(uow: UnitOfWork, *, booking_id: str) -> State:
    """The money is in: the time is the client's, unless they paid too late; then it comes back by itself.

    Safe to call any number of times, from the webhook's fact and from the browser's return.
    """
    booking = locked(uow, booking_id)
    payment = payment_queries.payment_for(uow.db, purpose_of_booking(booking_id))
    if payment is None or not payment.captured or State(booking.state) not in (
        State.HELD, State.PAID, State.EXPIRED, State.CANCELLED,
    ):  # fmt: skip
        return State(booking.state)
    if booking.state == State.CANCELLED:
        # Cancelled while it was being paid for. What was confirmed first got back what its ladder said, and no more.
        if not was_ever(uow, booking, State.PAID):
            give_back(uow, booking, 10_000, reason="cancelled_before_paid")
        return State.CANCELLED
    if booking.state == State.HELD and payment.captured_at and payment.captured_at >= booking.hold_expires_at:
        become(uow, booking, State.EXPIRED)  # late is late, whether or not the clock has swept by
    become(uow, booking, State.PAID)
    if (
        _last_moment(booking) <= uow.now
        or not _retaken(uow, booking)
        or not plans.take_again(uow, booking_id=booking.id)
    ):
        cancel_and_refund(uow, booking, 10_000, reason="paid_too_late")
        return State.CANCELLED
    if booking.on_request:
        ask_consultant(uow, booking)
    else:
        confirm(uow, booking)
    return State(booking.state)


def _last_moment(booking: Booking) -> datetime:
    """Until when it may still be paid for: what waits for a yes has to leave time for one."""
    return booking.starts_at - rules.ANSWER_BEFORE if booking.on_request else booking.starts_at


def _retaken(uow: UnitOfWork, booking: Booking) -> bool:
    if booking.group_id:
        return seats.keep(uow, booking)
    try:
        scheduling.take_time(uow, hold_id=booking.id)
    except (SlotTaken, NotOffered, NotFound):
        return False
    return True
