"""Asking for a time, and saying what it is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Text, bindparam, func, insert, select

from zhixun.events.booking import BookingHeld
from zhixun.features.booking import queries, rules
from zhixun.features.booking.models import Booking, Step
from zhixun.features.booking.queries import Asked
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.queries import Sold
from zhixun.features.loyalty.rules import courtesy_points
from zhixun.features.payments import actions as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.plans import actions as plans
from zhixun.features.plans.queries import NOTHING_CHOSEN, Choice
from zhixun.features.plans.rules import Quote, stored_lines
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed
from zhixun.features.scheduling.rules import Slot
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.sealed import Sealed, seal
from zhixun.kernel.tables import bare
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, is_id, new_id

from .record import TooLate, own, price_of


class TooManyHolds(Conflict):
    code, message = "too_many_holds", N_("You are holding five times already. Please pay for one or let one go first.")


class NotBetweenThem(Conflict):
    """One of the two has blocked the other; the sentence does not say which."""

    code, message = "not_between_them", N_("A session between the two of you cannot be booked.")


class OwnService(Conflict):
    code, message = "own_service", N_("You cannot book yourself.")


@dataclass(frozen=True)
class BookingMade:
    booking_id: str
    state: State
    hold_expires_at: datetime
    total: Money
    payment_id: str


def request_booking(
    uow: UnitOfWork,
    *,
    booking_id: str,
    service_id: str,
    start: datetime,
    brief: str = "",
    sensitive: bool = False,
    gateway: str = "sandbox",
    choice: Choice = NOTHING_CHOSEN,
) -> BookingMade:
    """Hold the time for the asker and ask for the money. The same `booking_id` twice is done once.

    The id stands for one service at one start: asking for these again gives the booking as it is by now; asking for
    others under it is refused. Raises NotFound (service, or another person's id), HoldIdUsed, SlotTaken or NotOffered
    (both with `alternatives`), TooManyHolds, OwnService, NotBetweenThem, Invalid, PlanDoesNotFit, CreditsUsedUp.
    """
    if not is_id(booking_id):
        raise Invalid
    after_own_other_requests(uow)
    sold = catalog.sold(uow.db, service_id)
    service = sold.service
    asked = asked_of(uow, sold, booking_id)
    if asked.known:
        return _made_before(uow, booking_id, service_id, start)
    if not service.active:
        raise NotFound
    check_may_book(uow, sold, asked)
    expires_at, text = uow.now + rules.HOLD, rules.clean_brief(brief)
    slot = scheduling.hold_time(
        uow, hold_id=booking_id, consultant_id=service.consultant_id, terms=rules.terms_of(service), start=start,
        expires_at=expires_at, owner_id=uow.actor.user_id,
    )  # fmt: skip
    quote = plans.take(
        uow, booking_id=booking_id, person_id=uow.actor.user_id, service=service, starts_at=slot.start,
        asked_at=uow.now, brief=text, choice=_with_facts(uow, choice),
    )  # fmt: skip
    payment_id = payments.request_payment(
        uow, payment_id=new_id(), payer_id=uow.actor.user_id, purpose=purpose_of_booking(booking_id),
        amount=quote.total, gateway=gateway, expires_at=expires_at,
    )  # fmt: skip
    return held(
        uow, booking_id=booking_id, sold=sold, slot=slot, quote=quote, payment_id=payment_id,
        expires_at=expires_at, brief=text, sensitive=sensitive,
    )  # fmt: skip


def held(
    uow: UnitOfWork,
    *,
    booking_id: str,
    sold: Sold,
    slot: Slot,
    quote: Quote,
    payment_id: str,
    expires_at: datetime,
    brief: str = "",
    sensitive: bool = False,
    series_id: str | None = None,
    group_id: str | None = None,
) -> BookingMade:
    """The row of a booking whose time is held, with its first step and its fact."""
    client_id, service = uow.actor.user_id, sold.service
    row = {
        "id": booking_id, "client_id": client_id, "consultant_id": service.consultant_id, "service_id": service.id,
        "payment_id": payment_id, "state": State.HELD, "channel": service.channel, "title": service.title,
        "minutes": service.minutes, "first_starts_at": slot.start, "starts_at": slot.start, "ends_at": slot.end,
        "hold_expires_at": expires_at, "price_minor": quote.total.amount_minor, "currency": quote.total.currency,
        "lines": stored_lines(quote.lines), "commission_bps": sold.commission_bps,
        "policy": rules.stored_policy(rules.CLIENT_CANCELS), "brief": sealed_brief(uow, booking_id, client_id, brief),
        "sensitive": sensitive, "created_at": uow.now, "series_id": series_id, "group_id": group_id,
        "on_request": service.on_request, "courtesy_points": courtesy_points(quote.total),
    }  # fmt: skip
    uow.db.execute(_BOOKING, row)
    uow.db.execute(_STEP, {"booking_id": booking_id, "number": 1, "state": State.HELD, "at": uow.now, "by": client_id})
    uow.emit(BookingHeld(booking_id=booking_id, client_id=client_id, consultant_id=service.consultant_id))
    return BookingMade(booking_id, State.HELD, expires_at, quote.total, payment_id)


_BOOKING, _STEP = insert(bare(Booking)), insert(bare(Step))


def write_brief(uow: UnitOfWork, *, booking_id: str, brief: str, sensitive: bool) -> None:
    """Change what the consultant will read; possible until the session begins. Raises NotFound, TooLate, Invalid."""
    booking = own(uow, booking_id, as_client=True)
    if State(booking.state) not in rules.STILL_TO_COME:
        raise TooLate
    booking.brief = sealed_brief(uow, booking.id, booking.client_id, rules.clean_brief(brief))
    booking.sensitive = sensitive


def sealed_brief(uow: UnitOfWork, booking_id: str, client_id: str, brief: str) -> Sealed:
    return seal(uow.db, Booking.brief, row=booking_id, person=client_id, text=brief)


def _with_facts(uow: UnitOfWork, choice: Choice) -> Choice:
    return replace(choice, first_booking=queries.is_first(uow.db, uow.actor.user_id)) if choice.coupon else choice


def _made_before(uow: UnitOfWork, booking_id: str, service_id: str, start: datetime) -> BookingMade:
    known = uow.db.get_one(Booking, booking_id)
    if known.client_id != uow.actor.user_id:
        raise NotFound
    if (known.service_id, known.starts_at) != (service_id, start):
        raise HoldIdUsed
    return _made(known)


def sold_service(uow: UnitOfWork, service_id: str) -> Sold:
    """A service on sale that the asker may book. Raises NotFound, OwnService, NotBetweenThem, TooManyHolds."""
    sold = catalog.sold(uow.db, service_id)
    if not sold.service.active:
        raise NotFound
    check_may_book(uow, sold, asked_of(uow, sold))
    return sold


def asked_of(uow: UnitOfWork, sold: Sold, booking_id: str = "") -> Asked:
    return queries.asked(
        uow.db,
        booking_id=booking_id,
        client_id=uow.actor.user_id,
        consultant_id=sold.service.consultant_id,
        now=uow.now,
    )


def check_may_book(uow: UnitOfWork, sold: Sold, asked: Asked) -> None:
    """Raises NotFound where the consultant is not listed, OwnService, NotBetweenThem, TooManyHolds."""
    if not sold.listed:
        raise NotFound
    if sold.service.consultant_id == uow.actor.user_id:
        raise OwnService
    if asked.apart:
        raise NotBetweenThem
    if asked.holds >= rules.HOLDS_MAX:
        raise TooManyHolds


def after_own_other_requests(uow: UnitOfWork) -> None:
    """One request of a person waits for the other, so that counting their holds and knowing an id are certain."""
    uow.db.execute(_WAIT, {"own": f"booking:{uow.actor.user_id}"})


_WAIT = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("own", type_=Text), 0)))


def _made(booking: Booking) -> BookingMade:
    return BookingMade(booking.id, State(booking.state), booking.hold_expires_at, price_of(booking), booking.payment_id)
