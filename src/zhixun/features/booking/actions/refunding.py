"""Giving money back after a session has ended, wholly or in part."""

from __future__ import annotations

from zhixun.events.booking import BookingRefunded
from zhixun.features.accounts.rules import check_right
from zhixun.features.booking import rules
from zhixun.features.booking.rules import State
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.kernel.errors import N_, Conflict, Invalid
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, is_id

from .record import locked, parties


class NotEnded(Conflict):
    code, message = "not_ended", N_("Money goes back by this way once the session has ended. Until then, cancel it.")


def refund_booking(
    uow: UnitOfWork, *, refund_id: str, booking_id: str, amount: Money | None, reason: str, by: str = "operator"
) -> Money:
    """Give back a part of what was paid, or (`amount=None`) all that is left; returns how much goes back.

    For operators with the right to refund, and for the system where a dispute was decided (`by="dispute"`). The same
    `refund_id` twice is done once. Raises RightNeeded, NotFound, NotEnded, RefundTooMuch, Invalid.
    """
    check_right(uow.actor, "refund")
    if not is_id(refund_id):
        raise Invalid
    note = rules.clean_reason(reason)
    booking = locked(uow, booking_id)
    if State(booking.state) not in rules.REFUNDABLE:
        raise NotEnded
    purpose = purpose_of_booking(booking_id)
    if amount is not None and amount.amount_minor <= 0:
        raise Invalid(fields={"amount": N_("Please write an amount above zero.")})
    known = {one.id: one.amount for one in payment_queries.refunds_for(uow.db, purpose)}
    if refund_id in known:
        return known[refund_id]
    before = payment_queries.refunded_total(uow.db, purpose, booking.currency)
    payments.request_refund(uow, refund_id=refund_id, purpose=purpose, amount=amount, reason=by, note=note)
    uow.db.flush()
    back = payment_queries.refunded_total(uow.db, purpose, booking.currency) - before
    if back:
        uow.emit(
            BookingRefunded(
                **parties(booking),
                refund_id=refund_id,
                amount_minor=back.amount_minor,
                currency=back.currency,
                reason=by,
            )
        )
    return back
