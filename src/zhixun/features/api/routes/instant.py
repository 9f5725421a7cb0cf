"""Instant consultation: being available, asking now, and the first answer."""

from __future__ import annotations

from sqlalchemy.orm import Session

from zhixun.features.api.forms.instant import (
    AvailabilityKept,
    AvailabilityWanted,
    CallAnswered,
    CallPassed,
    CallShown,
    CallWanted,
    Choices,
    ChoiceShown,
    ChoicesWanted,
    FreeShown,
    Rings,
    RingShown,
    RingsWanted,
)
from zhixun.features.instant import actions, queries
from zhixun.features.instant.actions import CallOpen, CallOver, CallTaken, NobodyFree, NotAvailable
from zhixun.features.instant.queries import CallView, RingView
from zhixun.features.instant.rules import ASKS_MAX, ASKS_SECONDS, State
from zhixun.features.payments import queries as payments
from zhixun.features.scheduling.actions import CalendarStale, SlotTaken
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, new_id, utc_now
from zhixun.web import pagination, security

from . import shown
from .bookings import gateway_asked
from .endpoint import Tries, reads, writes

TAG = N_("Instant consultation")


@writes(
    "/me/availability-now",
    N_("Be available for instant questions until a time, or no longer, as a consultant."),
    tag=TAG,
    asked=AvailabilityWanted,
    answer=AvailabilityKept,
    refusals=(NotFound, CalendarStale),
)
def make_available(uow: UnitOfWork, wanted: AvailabilityWanted) -> AvailabilityKept:
    if wanted.until is None:
        actions.end_availability(uow)
    else:
        actions.make_available(uow, until=wanted.until)
    return AvailabilityKept(until=wanted.until)


@reads(
    "/instant/choices",
    N_("What can be asked for now, in one field or in all: what most could answer first, then what costs least."),
    tag=TAG,
    asked=ChoicesWanted,
    answer=Choices,
    signed_in=False,
)
def instant_choices(db: Session, wanted: ChoicesWanted) -> Choices:
    found = queries.choices(db, security.current_actor().user_id, utc_now(), field_id=wanted.field or None)
    first = pagination.number_of(wanted.cursor)
    last = first + wanted.limit
    return Choices(
        items=[
            ChoiceShown.model_validate(
                {
                    "field": one.field_id, "channel": one.channel, "minutes": one.minutes,
                    "consultants": len(one.candidates), "lowest": shown.money(one.lowest),
                    "highest": shown.money(one.highest),
                }
            )
            for one in found[first:last]
        ],
        next=pagination.cursor_of(str(last)) if last < len(found) else None,
        free=[FreeShown(field=one, consultants=count) for one, count in queries.free_by_field(found).items()],
    )  # fmt: skip


@writes(
    "/instant/calls",
    N_("Ask now. Once it is paid, everyone who fits and is free is rung; the first to answer has the session."),
    tag=TAG,
    asked=CallWanted,
    answer=CallShown,
    status=201,
    refusals=(NotFound, NobodyFree, CallOpen),
    tries=Tries("ask_now", ASKS_MAX, ASKS_SECONDS),
)
def ask_now(uow: UnitOfWork, wanted: CallWanted) -> CallShown:
    gateway = gateway_asked(wanted.gateway)
    view = actions.ask_now(
        uow, call_id=wanted.id or new_id(), question=wanted.question, field_id=wanted.field, channel=wanted.channel,
        minutes=wanted.minutes, gateway=gateway,
        cap=None if wanted.price_max_minor is None else Money(wanted.price_max_minor),
    )  # fmt: skip
    return _shown(uow.db, view)


@reads(
    "/instant/calls/{call_id}",
    N_("One of your calls: whether it rings, who answered, or what came of it."),
    tag=TAG,
    answer=CallShown,
    refusals=(NotFound,),
)
def instant_call(db: Session, call_id: str) -> CallShown:
    return _shown(db, queries.call(db, call_id, security.current_actor()))


@reads(
    "/instant/rings",
    N_(
        "The calls that ring for you, as a consultant, the first to end first. Reading a question is written down for its client."
    ),
    tag=TAG,
    asked=RingsWanted,
    answer=Rings,
)
def rings(db: Session, wanted: RingsWanted) -> Rings:
    found = queries.rings_of(db, security.current_actor(), utc_now())
    first = pagination.number_of(wanted.cursor)
    last = first + wanted.limit
    return Rings(
        items=[_rung(one) for one in found[first:last]],
        next=pagination.cursor_of(str(last)) if last < len(found) else None,
    )


@writes(
    "/instant/calls/{call_id}/acceptance",
    N_("Answer a call that rings for you. The first has the session; it begins at once."),
    tag=TAG,
    answer=CallAnswered,
    refusals=(NotFound, CallTaken, CallOver, NotAvailable, SlotTaken, CalendarStale),
)
def accept_call(uow: UnitOfWork, call_id: str) -> CallAnswered:
    return CallAnswered(booking_id=actions.accept_call(uow, call_id=call_id))


@writes(
    "/instant/calls/{call_id}/passing",
    N_("Say that you cannot take a call that rings for you."),
    tag=TAG,
    answer=CallPassed,
    refusals=(NotFound,),
)
def pass_call(uow: UnitOfWork, call_id: str) -> CallPassed:
    actions.pass_call(uow, call_id=call_id)
    return CallPassed(id=call_id)


@writes(
    "/instant/calls/{call_id}/withdrawal",
    N_("Take a call back that nobody has answered; everything comes back."),
    tag=TAG,
    answer=CallShown,
    refusals=(NotFound, CallTaken),
)
def withdraw_call(uow: UnitOfWork, call_id: str) -> CallShown:
    actions.withdraw_call(uow, call_id=call_id)
    return _shown(uow.db, queries.call(uow.db, call_id, uow.actor))


def _rung(one: RingView) -> RingShown:
    return RingShown.model_validate(
        {
            "id": one.call.id, "question": one.question, "field": one.call.field_id, "service_id": one.service.id,
            "channel": one.service.channel, "minutes": one.service.minutes, "price": shown.money(one.service.price),
            "rings_until": one.call.rings_until, "passed": one.passed,
        }
    )  # fmt: skip


def _shown(db: Session, view: CallView) -> CallShown:
    payment = payments.payment(db, view.payment_id, security.current_actor())
    return CallShown.model_validate(
        {
            "id": view.id, "state": view.state.value, "amount": shown.money(view.amount), "pay_by": view.pay_by,
            "rings_until": view.rings_until, "rung": len(queries.rung(db, view.id)),
            "booking_id": view.id if view.state is State.ANSWERED else None,
            "payment": shown.payment_asked(payment.id, payment.gateway),
        }
    )  # fmt: skip
