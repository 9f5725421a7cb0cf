from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from zhixun.events.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingHeld,
    SessionBegan,
    SessionCompleted,
    SessionMissed,
)
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.ledger import actions as ledger
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed, NotOffered, SlotTaken
from zhixun.kernel.errors import N_, Conflict, Forbidden, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, is_id, new_id

from . import queries, rules
from .models import Booking, Step
from .rules import State


class TooManyHolds(Conflict):
    code, message = "too_many_holds", N_("You are holding five times already. Please pay for one or let one go first.")


class NotYet(Conflict):
    code, message = "not_yet", N_("This can only be done once the session has begun.")


class TooLate(Conflict):
    code, message = "too_late", N_("This booking can no longer be changed.")


class ConsultantsTurn(Forbidden):
    code, message = "consultants_turn", N_("Only the consultant can start the session.")


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
) -> BookingMade:
    """Hold the time for the asker and ask for the money. The same `booking_id` twice is done once.

    The id stands for one service at one start: asking for these again gives the booking as it is by now (`write_brief`
    changes the brief); asking for others under it is refused. Raises NotFound (service, or another person's id),
    HoldIdUsed, SlotTaken or NotOffered (both with `alternatives`), TooManyHolds, OwnService, Invalid.
    """
    if not is_id(booking_id):
        raise Invalid
    _after_own_other_requests(uow)
    if (known := _known_request(uow, booking_id, service_id, start)) is not None:
        return _made(known)
    service = _sold_service(uow, service_id)
    if queries.held_count(uow.db, uow.actor.user_id, uow.now) >= rules.HOLDS_MAX:
        raise TooManyHolds
    expires_at = uow.now + rules.HOLD
    text = rules.clean_brief(brief)
    slot = scheduling.hold_time(
        uow, hold_id=booking_id, consultant_id=service.consultant_id, terms=rules.terms_of(service), start=start,
        expires_at=expires_at, owner_id=uow.actor.user_id,
    )  # fmt: skip
    payment_id = payments.request_payment(
        uow, payment_id=new_id(), payer_id=uow.actor.user_id, purpose=purpose_of_booking(booking_id),
        amount=service.price, gateway=gateway, expires_at=expires_at,
    )  # fmt: skip
    booking = Booking(
        id=booking_id, client_id=uow.actor.user_id, consultant_id=service.consultant_id, service_id=service_id,
        payment_id=payment_id, state=State.HELD, channel=service.channel, title=service.title,
        minutes=service.minutes, starts_at=slot.start, ends_at=slot.end, hold_expires_at=expires_at,
        price_minor=service.price.amount_minor, currency=service.price.currency,
        commission_bps=catalog.commission_bps(uow.db, service.consultant_id),
        policy=rules.stored_policy(rules.CLIENT_CANCELS), brief=text, sensitive=sensitive, created_at=uow.now,
    )  # fmt: skip
    uow.db.add(booking)
    uow.db.add(Step(booking_id=booking_id, number=1, state=State.HELD, at=uow.now, by=uow.actor.user_id))
    uow.emit(BookingHeld(**_parties(booking)))
    return _made(booking)


def write_brief(uow: UnitOfWork, *, booking_id: str, brief: str, sensitive: bool) -> None:
    """Change what the consultant will read; possible until the session begins. Raises NotFound, TooLate, Invalid."""
    booking = _own(uow, booking_id, as_client=True)
    if State(booking.state) not in (State.HELD, State.PAID, State.CONFIRMED):
        raise TooLate
    booking.brief, booking.sensitive = rules.clean_brief(brief), sensitive


def confirm_if_paid(uow: UnitOfWork, *, booking_id: str) -> State:
    """The money is in: the time is the client's, unless they paid too late; then it comes back by itself.

    Safe to call any number of times, from the webhook's fact and from the browser's return.
    """
    booking = _locked(uow, booking_id)
    payment = payment_queries.payment_for(uow.db, purpose_of_booking(booking_id))
    if payment is None or not payment.captured or State(booking.state) not in (
        State.HELD, State.PAID, State.EXPIRED, State.CANCELLED,
    ):  # fmt: skip
        return State(booking.state)
    if booking.state == State.CANCELLED:
        # Cancelled while it was being paid for. What was confirmed first got back what its ladder said, and no more.
        if not _was_ever(uow, booking, State.PAID):
            _refund(uow, booking, _price_of(booking), reason="cancelled_before_paid")
        return State.CANCELLED
    if booking.state == State.HELD and payment.captured_at and payment.captured_at >= booking.hold_expires_at:
        _become(uow, booking, State.EXPIRED)  # late is late, whether or not the clock has swept by
    _become(uow, booking, State.PAID)
    if booking.starts_at <= uow.now or not _retaken(uow, booking):
        _cancel_and_refund(uow, booking, _price_of(booking), reason="paid_too_late")
        return State.CANCELLED
    _become(uow, booking, State.CONFIRMED)
    uow.emit(BookingConfirmed(**_parties(booking)))
    return State.CONFIRMED


def cancel_booking(uow: UnitOfWork, *, booking_id: str) -> Money:
    """End a booking before its session; returns what the client gets back.

    By the client: what the frozen ladder says for this moment. By the consultant or an operator: everything. From the
    start on only an operator may: for the two it is then a question of who comes. Twice is once. Raises NotFound, TooLate.
    """
    booking = _own(uow, booking_id)
    price = _price_of(booking)
    if booking.state == State.CANCELLED:
        return payment_queries.refunded_total(uow.db, purpose_of_booking(booking_id), price.currency)
    who = _role_in(uow, booking)
    last = booking.ends_at if who == "operator" else booking.starts_at
    if State(booking.state) not in (State.HELD, State.CONFIRMED) or last <= uow.now:
        raise TooLate
    if booking.state == State.HELD:
        _cancel_and_refund(uow, booking, Money(0, price.currency), reason=who)
        return Money(0, price.currency)
    policy = rules.read_policy(booking.policy)
    share = rules.refund_bps_at(uow.now, starts_at=booking.starts_at, policy=policy) if who == "client" else 10_000
    back = price.share_bps(share)
    _cancel_and_refund(uow, booking, back, reason=who)
    if back != price:
        booking.release_at = booking.ends_at + rules.RELEASE_AFTER
    return back


def join_session(uow: UnitOfWork, *, booking_id: str) -> State:
    """Someone opens the room. Once both have come and the time has come, the session is in progress.

    Raises NotFound. Joining a booking that is not confirmed or in progress changes nothing.
    """
    booking = _own(uow, booking_id)
    if State(booking.state) not in (State.CONFIRMED, State.IN_PROGRESS):
        return State(booking.state)
    if uow.actor.user_id == booking.client_id:
        booking.client_joined_at = _joined(uow, booking, booking.client_joined_at)
    elif uow.actor.user_id == booking.consultant_id:
        booking.consultant_joined_at = _joined(uow, booking, booking.consultant_joined_at)
    if booking.state == State.CONFIRMED and _both_came(booking) and uow.now >= booking.starts_at:
        _begin(uow, booking)
    return State(booking.state)


def begin_session(uow: UnitOfWork, *, booking_id: str) -> State:
    """The consultant starts: at the time, or earlier when the client has just come into the room.

    Starting twice is done once. Raises NotFound, ConsultantsTurn, NotYet, TooLate.
    """
    booking = _own(uow, booking_id)
    if booking.state == State.IN_PROGRESS:
        return State.IN_PROGRESS
    if uow.actor.user_id != booking.consultant_id:
        raise ConsultantsTurn
    if booking.state != State.CONFIRMED or booking.ends_at <= uow.now:
        raise TooLate
    client_here = booking.client_joined_at is not None and uow.now - booking.client_joined_at <= rules.EARLY_PRESENCE
    if uow.now < booking.starts_at and not client_here:
        raise NotYet(N_("Your client is not here yet. You can start early once both of you are in the room."))
    booking.consultant_joined_at = _joined(uow, booking, booking.consultant_joined_at)
    _begin(uow, booking)
    return State.IN_PROGRESS


def complete_session(uow: UnitOfWork, *, booking_id: str) -> State:
    """Either of the two ends a session that has begun. Twice is once. Raises NotFound, NotYet, TooLate (ended already)."""
    booking = _own(uow, booking_id)
    if booking.state == State.COMPLETED:
        return State.COMPLETED
    if booking.state != State.IN_PROGRESS:
        raise NotYet if State(booking.state) in rules.UPCOMING else TooLate
    _complete(uow, booking)
    return State.COMPLETED


def pass_time(uow: UnitOfWork, *, booking_id: str) -> State:
    """Take a booking's exits by time that have come: unpaid → expired, both there → in progress, over → completed,
    someone absent → no-show. Who has paid in time gets the time, even where its fact is still on the way."""
    booking = _locked(uow, booking_id)
    while (way := _exit_by_time(booking)) and way.at <= uow.now:
        if way.to is State.EXPIRED:
            if confirm_if_paid(uow, booking_id=booking_id) is State.HELD:
                _expire(uow, booking)
        elif way.to is State.IN_PROGRESS:
            _begin(uow, booking)
        elif way.to is State.COMPLETED:
            _complete(uow, booking)
        elif way.to is State.NO_SHOW:
            _no_show(uow, booking)
        else:
            _cancel_and_refund(uow, booking, _price_of(booking), reason="unanswered")
    return State(booking.state)


def release_money(uow: UnitOfWork, *, booking_id: str) -> None:
    """Hand what is left in escrow to the consultant, less commission, once nobody can dispute any more."""
    booking = _locked(uow, booking_id)
    if booking.released_at is not None or booking.release_at is None or booking.release_at > uow.now:
        return
    ledger.release_escrow(
        uow, booking_id=booking.id, consultant_id=booking.consultant_id, commission_bps=booking.commission_bps
    )
    booking.released_at = uow.now


def _known_request(uow: UnitOfWork, booking_id: str, service_id: str, start: datetime) -> Booking | None:
    known = uow.db.get(Booking, booking_id)
    if known is not None and known.client_id != uow.actor.user_id:
        raise NotFound
    if known is not None and (known.service_id, known.starts_at) != (service_id, start):
        raise HoldIdUsed
    return known


def _sold_service(uow: UnitOfWork, service_id: str) -> ServiceView:
    service = catalog.service(uow.db, service_id)
    if not service.active or not catalog.is_listed(uow.db, service.consultant_id):
        raise NotFound
    if service.consultant_id == uow.actor.user_id:
        raise OwnService
    return service


def _after_own_other_requests(uow: UnitOfWork) -> None:
    """One request of a person waits for the other, so that counting their holds and knowing an id are certain."""
    own = func.hashtextextended(f"booking:{uow.actor.user_id}", 0)
    uow.db.execute(select(func.pg_advisory_xact_lock(own)))


def _locked(uow: UnitOfWork, booking_id: str) -> Booking:
    booking = uow.db.get(Booking, booking_id, with_for_update=True, populate_existing=True)
    if booking is None:
        raise NotFound
    return booking


def _own(uow: UnitOfWork, booking_id: str, *, as_client: bool = False) -> Booking:
    """The locked booking, if it is the asker's to change."""
    booking = _locked(uow, booking_id)
    mine = {booking.client_id} if as_client else {booking.client_id, booking.consultant_id}
    if uow.actor.user_id not in mine and not (uow.actor.is_a("operator") or uow.actor.is_a("system")):
        raise NotFound
    return booking


def _role_in(uow: UnitOfWork, booking: Booking) -> str:
    if uow.actor.user_id == booking.client_id:
        return "client"
    return "consultant" if uow.actor.user_id == booking.consultant_id else "operator"


def _joined(uow: UnitOfWork, booking: Booking, before: datetime | None) -> datetime:
    """When someone came: the first time since the room is open; before that, their latest look into it."""
    return before if before and rules.has_come(before, starts_at=booking.starts_at) else uow.now


def _both_came(booking: Booking) -> bool:
    joined = (booking.client_joined_at, booking.consultant_joined_at)
    return all(rules.has_come(at, starts_at=booking.starts_at) for at in joined)


def _exit_by_time(booking: Booking) -> rules.TimedExit | None:
    return rules.exit_by_time(
        State(booking.state), hold_expires_at=booking.hold_expires_at, starts_at=booking.starts_at,
        ends_at=booking.ends_at, both_came=_both_came(booking),
    )  # fmt: skip


def _was_ever(uow: UnitOfWork, booking: Booking, state: State) -> bool:
    step = select(Step.number).where(Step.booking_id == booking.id, Step.state == state)
    return uow.db.scalar(step.limit(1)) is not None


def _become(uow: UnitOfWork, booking: Booking, state: State) -> None:
    assert rules.may_become(State(booking.state), state), f"{booking.state} may not become {state}"
    booking.state = state
    last = uow.db.scalar(select(func.max(Step.number)).where(Step.booking_id == booking.id)) or 0
    uow.db.add(Step(booking_id=booking.id, number=last + 1, state=state, at=uow.now, by=uow.actor.user_id or "system"))
    uow.db.flush()


def _retaken(uow: UnitOfWork, booking: Booking) -> bool:
    try:
        scheduling.take_time(uow, hold_id=booking.id)
    except (SlotTaken, NotOffered, NotFound):
        return False
    return True


def _begin(uow: UnitOfWork, booking: Booking) -> None:
    _become(uow, booking, State.IN_PROGRESS)
    booking.began_at = uow.now
    uow.emit(SessionBegan(**_parties(booking)))


def _complete(uow: UnitOfWork, booking: Booking) -> None:
    _become(uow, booking, State.COMPLETED)
    booking.completed_at = uow.now
    booking.release_at = uow.now + rules.RELEASE_AFTER
    uow.emit(SessionCompleted(**_parties(booking)))


def _expire(uow: UnitOfWork, booking: Booking) -> None:
    _become(uow, booking, State.EXPIRED)
    scheduling.let_time_lapse(uow, hold_id=booking.id)
    uow.emit(BookingExpired(**_parties(booking)))


def _no_show(uow: UnitOfWork, booking: Booking) -> None:
    """Who did not come pays: a consultant's absence gives everything back; a client's is like cancelling at the last
    minute, and what the ladder leaves goes to the consultant. Where nobody came the client is not the one to pay."""
    _become(uow, booking, State.NO_SHOW)
    if rules.has_come(booking.consultant_joined_at, starts_at=booking.starts_at):
        booking.ended_reason = "client"
        booking.release_at = uow.now + rules.RELEASE_AFTER
    else:
        booking.ended_reason = "consultant"
        _refund(uow, booking, _price_of(booking), reason="consultant_no_show")
    uow.emit(SessionMissed(**_parties(booking), absent=booking.ended_reason))


def _cancel_and_refund(uow: UnitOfWork, booking: Booking, back: Money, *, reason: str) -> None:
    _become(uow, booking, State.CANCELLED)
    booking.ended_reason = reason
    scheduling.release_time(uow, hold_id=booking.id)
    _refund(uow, booking, back, reason=reason)
    uow.emit(BookingCancelled(**_parties(booking), reason=reason))


def _refund(uow: UnitOfWork, booking: Booking, back: Money, *, reason: str) -> None:
    """Ask for the money back; the refund's id comes from the booking, so asking twice is asking once."""
    if back:
        payments.request_refund(
            uow, refund_id=booking.id, purpose=purpose_of_booking(booking.id), amount=back, reason=reason
        )


def _price_of(booking: Booking) -> Money:
    return Money(booking.price_minor, booking.currency)


def _parties(booking: Booking) -> dict[str, str]:
    return {"booking_id": booking.id, "client_id": booking.client_id, "consultant_id": booking.consultant_id}


def _made(booking: Booking) -> BookingMade:
    return BookingMade(
        booking.id, State(booking.state), booking.hold_expires_at, _price_of(booking), booking.payment_id
    )
