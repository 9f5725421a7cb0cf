"""Ending a booking before its session."""

from __future__ import annotations

from zhixun.events.booking import BookingCancelled
from zhixun.features.accounts.rules import may
from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking
from zhixun.features.booking.rules import State
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.plans import actions as plans
from zhixun.features.scheduling import actions as scheduling
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money

from . import seats
from .record import TooLate, become, give_back, locked, own, parties, price_of, role_in


def cancel_booking(uow: UnitOfWork, *, booking_id: str) -> Money:
    """End a booking before its session; returns what the client gets back.

    By the client: what the frozen ladder says for this moment. By the consultant or an operator who may refund, and as long
    as the consultant has not accepted it: everything. From the start on only an operator may: for the two it is then a
    question of who comes. Twice is once. Raises NotFound, TooLate.
    """
    booking = locked(uow, booking_id) if may(uow.actor, "refund") else own(uow, booking_id)
    price = price_of(booking)
    if booking.state == State.CANCELLED:
        return payment_queries.refunded_total(uow.db, purpose_of_booking(booking_id), price.currency)
    who = role_in(uow, booking)
    last = booking.ends_at if who == "operator" else booking.starts_at
    if State(booking.state) not in rules.CANCELLABLE or last <= uow.now:
        raise TooLate
    if booking.state == State.HELD:
        _cancel(uow, booking, reason=who)
        if booking.series_id:
            payments.drop_part(uow, purpose=purpose_of_booking(booking_id))
        plans.return_benefits(uow, booking_id=booking.id, share_bps=10_000)
        return Money(0, price.currency)
    policy = rules.read_policy(booking.policy)
    share = 10_000
    if who == "client" and booking.state != State.REQUESTED:
        share = rules.refund_bps_at(
            uow.now, starts_at=booking.first_starts_at, policy=policy, free_until=booking.free_until
        )
    back = cancel_and_refund(uow, booking, share, reason=who)
    if share != 10_000:
        booking.release_at = booking.ends_at + rules.RELEASE_AFTER
    return back


def cancel_and_refund(uow: UnitOfWork, booking: Booking, share_bps: int, *, reason: str) -> Money:
    """End it and give back a share of what paid for it; returns what the client gets back in money."""
    _cancel(uow, booking, reason=reason)
    return give_back(uow, booking, share_bps, reason=reason)


def end_unpaid(uow: UnitOfWork, booking: Booking, *, reason: str) -> None:
    """End a hold: no money is in it, and nothing is owed for it."""
    _cancel(uow, booking, reason=reason)


def _cancel(uow: UnitOfWork, booking: Booking, *, reason: str) -> None:
    become(uow, booking, State.CANCELLED)
    booking.ended_reason = reason
    if booking.group_id:
        seats.give_back(uow, booking)
    else:
        scheduling.release_time(uow, hold_id=booking.id)
    uow.emit(BookingCancelled(**parties(booking), reason=reason))
