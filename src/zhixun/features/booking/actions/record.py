"""A booking's row under its lock: whose it is, its way from state to state, and the money that goes back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from zhixun.events.booking import BookingConfirmed
from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking, Step
from zhixun.features.booking.rules import State
from zhixun.features.loyalty import actions as loyalty
from zhixun.features.payments import actions as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.plans import actions as plans
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money


class NotYet(Conflict):
    code, message = "not_yet", N_("This can only be done once the session has begun.")


class TooLate(Conflict):
    code, message = "too_late", N_("This booking can no longer be changed.")


def locked(uow: UnitOfWork, booking_id: str) -> Booking:
    booking = uow.db.get(Booking, booking_id, with_for_update=True, populate_existing=True)
    if booking is None:
        raise NotFound
    return booking


def own(uow: UnitOfWork, booking_id: str, *, as_client: bool = False) -> Booking:
    """The locked booking, if it is the asker's to change: what the desk may see it may not therefore do."""
    booking = locked(uow, booking_id)
    mine = {booking.client_id} if as_client else {booking.client_id, booking.consultant_id}
    if uow.actor.user_id not in mine and not uow.actor.is_a("system"):
        raise NotFound
    return booking


def role_in(uow: UnitOfWork, booking: Booking) -> str:
    if uow.actor.user_id == booking.client_id:
        return "client"
    return "consultant" if uow.actor.user_id == booking.consultant_id else "operator"


def both_came(booking: Booking) -> bool:
    joined = (booking.client_joined_at, booking.consultant_joined_at)
    return all(rules.has_come(at, starts_at=booking.starts_at) for at in joined)


def was_ever(uow: UnitOfWork, booking: Booking, state: State) -> bool:
    step = select(Step.number).where(Step.booking_id == booking.id, Step.state == state)
    return uow.db.scalar(step.limit(1)) is not None


def become(uow: UnitOfWork, booking: Booking, state: State, *, starts_at: datetime | None = None) -> None:
    """The next state of the booking, asked of the table; `starts_at` where the step is to another time."""
    assert rules.may_become(State(booking.state), state), f"{booking.state} may not become {state}"
    booking.state = state
    last = uow.db.scalar(select(func.max(Step.number)).where(Step.booking_id == booking.id)) or 0
    by = uow.actor.user_id or "system"
    uow.db.add(Step(booking_id=booking.id, number=last + 1, state=state, at=uow.now, by=by, starts_at=starts_at))
    uow.db.flush()


def confirm(uow: UnitOfWork, booking: Booking) -> None:
    """The time is the client's."""
    become(uow, booking, State.CONFIRMED)
    uow.emit(
        BookingConfirmed(
            **parties(booking), price_minor=booking.price_minor, channel=booking.channel,
            starts_at=booking.starts_at.isoformat(),
        )
    )  # fmt: skip


def refund(uow: UnitOfWork, booking: Booking, back: Money, *, reason: str) -> None:
    """Ask for the money back; the refund's id comes from the booking, so asking twice is asking once."""
    if back:
        payments.request_refund(
            uow, refund_id=booking.id, purpose=purpose_of_booking(booking.id), amount=back, reason=reason
        )


def give_back(uow: UnitOfWork, booking: Booking, share_bps: int, *, reason: str) -> Money:
    """Return a share of all that paid for the booking: the client's money (what this returns), and what came from a plan
    or from the house; with what was promised besides, where it is the consultant's doing."""
    back = price_of(booking).share_bps(share_bps)
    refund(uow, booking, back, reason=reason)
    plans.return_benefits(uow, booking_id=booking.id, share_bps=share_bps)
    if reason in rules.COURTESY_FOR:
        loyalty.give_courtesy(
            uow, booking_id=booking.id, person_id=booking.client_id, points=booking.courtesy_points
        )  # fmt: skip
    return back


def price_of(booking: Booking) -> Money:
    return Money(booking.price_minor, booking.currency)


def parties(booking: Booking) -> dict[str, str]:
    return {"booking_id": booking.id, "client_id": booking.client_id, "consultant_id": booking.consultant_id}
