"""The client's receipt of a booking, as a paper to keep."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext

from zhixun.features.booking.queries import BookingView
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments import queries as payments
from zhixun.features.payments.queries import PaymentView, RefundLine
from zhixun.features.payments.rules import Settlement, purpose_of_booking
from zhixun.kernel.errors import NotFound
from zhixun.kernel.papers import Block, Facts, Row, Table
from zhixun.kernel.values import Money
from zhixun.web.formats import local, money, say, zone_label
from zhixun.web.papers import handed_out, in_the_words_of_pages, paper
from zhixun.web.security import current_actor, read, require

from . import bp
from .sessions import own_booking

BESIDE = (Settlement.PAID_TWICE, Settlement.WRONG_AMOUNT)
"""Why a charge that never counted for the booking went back whole."""


@bp.get("/sessions/<booking_id>/receipt.pdf")
@require()
def receipt(booking_id: str) -> Response:
    """What was paid and what came back. Raises NotFound for whoever did not pay, and where nothing was paid."""
    booking = own_booking(booking_id)
    purpose = purpose_of_booking(booking.id)
    with read() as db:
        payment = payments.payment_for(db, purpose)
        back = payments.refunds_for(db, purpose)
        consultant = catalog.names_of(db, [booking.consultant_id]).get(booking.consultant_id)
    if booking.client_id != current_actor().user_id or payment is None or not payment.captured:
        raise NotFound
    number = booking.id[-8:]
    blocks = (
        _facts(booking, payment, say(consultant.name) if consultant else ""),
        _price(booking, payment),
        *_refunds(payment, back),
    )
    small = (
        gettext(
            "This receipt is made from the books of the house. It is no tax invoice; ask the house for one (fapiao)."
        ),
    )
    return handed_out(
        paper(
            gettext("Receipt"), say(booking.title), number=gettext("Booking number %(number)s", number=number),
            made_at=booking.seen_at, blocks=blocks, small=small,
        ),
        gettext("zhixun-receipt-%(number)s", number=number),
    )  # fmt: skip


def _facts(booking: BookingView, payment: PaymentView, consultant: str) -> Facts:
    paid_at = payment.captured_at or booking.created_at
    day, from_ = local(booking.starts_at, "date"), local(booking.starts_at, "time")
    return Facts(
        (
            (gettext("Client"), current_actor().name),
            (gettext("Consultant"), consultant),
            (gettext("Session"), in_the_words_of_pages("length", booking)),
            (gettext("When"), f"{day} {local(booking.starts_at, 'weekday')} {from_}–{local(booking.ends_at, 'time')}"),
            ("", zone_label(at=booking.starts_at)),
            (gettext("Booking number"), booking.id[-8:]),
            (gettext("Paid on"), f"{local(paid_at, 'date')} {local(paid_at, 'time')}"),
            (gettext("Paid through"), payment.gateway),
        )
    )


def _price(booking: BookingView, payment: PaymentView) -> Table:
    lines = [(say(one.words), one.amount) for one in booking.lines] or [(say(booking.title), booking.price)]
    rows = [Row((words, money(amount, exact=True))) for words, amount in lines]
    total = Row((gettext("Paid"), money(payment.amount, exact=True)), strong=True)
    return Table(gettext("Price"), (gettext("What"), gettext("Amount")), (*rows, total))


def _refunds(payment: PaymentView, back: list[RefundLine]) -> list[Block]:
    """What came back of the price, and what is left; apart from it, charges that never counted."""
    counted = [one for one in back if one.reason not in BESIDE]
    beside = [one for one in back if one.reason in BESIDE]
    heads = (gettext("What"), gettext("When"), gettext("Amount"))
    found: list[Block] = []
    if counted:
        left = payment.amount - sum((one.amount for one in counted), Money(0, payment.amount.currency))
        kept = Row((gettext("Paid, less what went back"), "", money(left, exact=True)), strong=True)
        found.append(Table(gettext("Refunds"), heads, (*map(_gone, counted), kept)))
    if beside:
        found.append(Table(gettext("Charges that did not count, sent back whole"), heads, tuple(map(_gone, beside))))
    return found


def _gone(one: RefundLine) -> Row:
    said = gettext("Gone back the way you paid") if one.completed_at else gettext("On its way back to you")
    return Row((said, local(one.completed_at or one.requested_at, "date"), money(-one.amount, exact=True)))
