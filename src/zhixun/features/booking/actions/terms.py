"""How a held booking is to be paid: chosen at the checkout, as often as one likes, until it is paid."""

from __future__ import annotations

from dataclasses import replace

from zhixun.features.booking import queries
from zhixun.features.booking.models import Booking
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.features.loyalty.rules import courtesy_points
from zhixun.features.payments import actions as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.plans import actions as plans
from zhixun.features.plans.queries import Choice
from zhixun.features.plans.rules import stored_lines
from zhixun.kernel.sealed import unseal
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money

from .asking import after_own_other_requests
from .paying import confirm_if_paid
from .record import TooLate, own


def choose_terms(uow: UnitOfWork, *, booking_id: str, choice: Choice) -> Money:
    """Pay a held booking in another way; returns what is left to pay in money. The price rules look at it as they did
    when it was asked for, so waiting changes nothing.

    Raises NotFound, TooLate, AlreadyPaid, PlanDoesNotFit, CreditsUsedUp.
    """
    after_own_other_requests(uow)
    booking = own(uow, booking_id, as_client=True)
    if booking.state != State.HELD or booking.hold_expires_at <= uow.now:
        raise TooLate
    service = catalog.service(uow.db, booking.service_id)
    brief = unseal(
        uow.db, Booking.brief, row=booking_id, person=booking.client_id, sealed=booking.brief, reader=uow.actor
    )  # fmt: skip
    quote = plans.take(
        uow, booking_id=booking_id, person_id=booking.client_id, service=service, starts_at=booking.starts_at,
        asked_at=booking.created_at, brief=brief,
        choice=replace(choice, first_booking=queries.is_first(uow.db, booking.client_id)), anew=True,
    )  # fmt: skip
    if booking.series_id:
        payments.change_part(uow, purpose=purpose_of_booking(booking_id), amount=quote.total)
    else:
        payments.change_amount(uow, payment_id=booking.payment_id, amount=quote.total)
    booking.price_minor, booking.currency = quote.total.amount_minor, quote.total.currency
    booking.lines, booking.courtesy_points = stored_lines(quote.lines), courtesy_points(quote.total)
    uow.db.flush()
    return quote.total


def confirm_without_payment(uow: UnitOfWork, *, booking_id: str) -> State:
    """The client agrees to a booking with nothing left to pay. Where something is, nothing happens. Twice is once.

    Raises NotFound.
    """
    booking = own(uow, booking_id, as_client=True)
    if not booking.price_minor and booking.state == State.HELD:
        payments.settle_nothing(uow, payment_id=booking.payment_id)
    return confirm_if_paid(uow, booking_id=booking_id)
