"""Asking now, ringing, and the first answer. Everything that changes a call locks its row first."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.instant import CallAnswered, CallEnded, CallRang
from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.rules import purpose_of_booking, purpose_of_call
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling import queries as calendars
from zhixun.features.scheduling.actions import CalendarStale
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.sealed import seal
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM, Money, is_id, new_id

from . import queries, rules
from .models import Call, Ring, Switch
from .queries import Candidate
from .rules import State


class NobodyFree(Conflict):
    code, message = "nobody_free", N_("Nobody who fits is free at this moment.")


class CallOpen(Conflict):
    code, message = "call_open", N_("You are waiting for an answer already. Take that question back first.")


class CallTaken(Conflict):
    code, message = "call_taken", N_("Someone else was faster: this question is taken.")


class CallOver(Conflict):
    code, message = "call_over", N_("This question does not wait for an answer any more.")


class NotAvailable(Conflict):
    code, message = "not_available", N_("You are not available now. Switch it on first.")


def make_available(uow: UnitOfWork, *, until: datetime) -> None:
    """The asker is there for instant questions until then. Raises Invalid, NotFound (no consultant), CalendarStale."""
    me = uow.actor.user_id
    rules.check_until(until, uow.now)
    if not catalog.is_listed(uow.db, me):
        raise NotFound
    if me not in calendars.calendars_fresh(uow.db, [me], uow.now):
        raise CalendarStale
    opened = insert(Switch).values(consultant_id=me, opened_at=uow.now, until=until)
    uow.db.execute(opened.on_conflict_do_update(index_elements=["consultant_id"], set_={"until": until}))


def end_availability(uow: UnitOfWork) -> None:
    """Nobody rings the asker any more. Twice is once."""
    uow.db.execute(delete(Switch).where(Switch.consultant_id == uow.actor.user_id))


def ask_now(
    uow: UnitOfWork,
    *,
    call_id: str,
    question: str,
    field_id: str,
    channel: str,
    minutes: int,
    cap: Money | None = None,
    gateway: str = "sandbox",
) -> queries.CallView:
    """Ask for the money; whoever fits is rung once it is there. The amount is the most one of them costs, within `cap`.

    The same `call_id` twice is done once. Raises Invalid, NotFound, CallOpen, NobodyFree.
    """
    if not is_id(call_id):
        raise Invalid
    bookings.after_own_other_requests(uow)
    me = uow.actor.user_id
    if (known := uow.db.get(Call, call_id)) is not None:
        if known.client_id != me:
            raise NotFound
        return queries.view_of(known)
    text = rules.clean_question(question)
    if queries.open_call_of(uow.db, me) is not None:
        raise CallOpen
    found = queries.candidates(uow.db, me, uow.now)
    fit = queries.fitting(found, field_id=field_id, channel=channel, minutes=minutes, cap=cap)
    if not fit:
        raise NobodyFree
    amount, pay_by = fit[-1].service.price, uow.now + rules.PAY_WITHIN
    payment_id = new_id()
    row = Call(
        id=call_id, client_id=me, field_id=field_id, channel=channel, minutes=minutes,
        question=seal(uow.db, Call.question, row=call_id, person=me, text=text), amount_minor=amount.amount_minor,
        currency=amount.currency, payment_id=payment_id, state=State.UNPAID, asked_at=uow.now, pay_by=pay_by,
        rings_until=None, consultant_id=None, ended_at=None,
    )  # fmt: skip
    uow.db.add(row)
    uow.db.flush()
    payments.request_payment(
        uow, payment_id=payment_id, payer_id=me, purpose=purpose_of_call(call_id), amount=amount, gateway=gateway,
        expires_at=pay_by,
    )  # fmt: skip
    return queries.view_of(row)


def ring_if_paid(uow: UnitOfWork, *, call_id: str) -> State:
    """The money is in: ring whoever fits now. Where nobody does any more, or it came too late, it goes back by itself.

    Safe to call any number of times. Raises NotFound.
    """
    call = _locked(uow, call_id)
    payment = payment_queries.payment_for(uow.db, purpose_of_call(call_id))
    if payment is None or not payment.captured:
        return State(call.state)
    if call.state == State.WITHDRAWN:
        _give_back(uow, call, "withdrawn")
    elif call.state == State.LAPSED:
        _end(uow, call, State.UNANSWERED)
    elif call.state == State.UNPAID:
        found = queries.candidates(uow.db, call.client_id, uow.now)
        fit = queries.fitting(
            found, field_id=call.field_id, channel=call.channel, minutes=call.minutes, cap=payment.amount
        )
        if fit:
            _ring(uow, call, fit)
        else:
            _end(uow, call, State.UNANSWERED)
    return State(call.state)


def accept_call(uow: UnitOfWork, *, call_id: str) -> str:
    """The asker answers first: their time is taken from this second on, the booking stands, the room is open. What was
    paid above their price goes back. Twice is once; returns the booking's id.

    Raises NotFound (it does not ring for them), CallTaken, CallOver, NotAvailable, SlotTaken, CalendarStale.
    """
    me = uow.actor.user_id
    ring = uow.db.get(Ring, (call_id, me))
    if ring is None:
        raise NotFound
    call = _locked(uow, call_id)
    if call.state == State.ANSWERED and call.consultant_id == me:
        return call.id
    if call.state == State.ANSWERED:
        raise CallTaken
    if call.state != State.RINGING or call.rings_until is None or call.rings_until <= uow.now:
        raise CallOver
    service = catalog.service(uow.db, ring.service_id)
    if queries.available_until(uow.db, me, uow.now) is None or not service.active or not catalog.is_listed(uow.db, me):
        raise NotAvailable
    if accounts.are_apart(uow.db, me, call.client_id):
        raise CallOver
    slot = scheduling.take_now(
        uow, hold_id=call.id, consultant_id=me, terms=terms_of(service), owner_id=call.client_id
    )  # fmt: skip
    payments.hand_over(uow, from_purpose=purpose_of_call(call.id), to_purpose=purpose_of_booking(call.id))
    paid = Money(call.amount_minor, call.currency)
    if service.price > paid:
        raise CallOver  # the price rose while it rang; the client agreed to no more than they paid
    if more := paid - service.price:
        payments.request_refund(
            uow, refund_id=_difference_id(call.id), purpose=purpose_of_booking(call.id), amount=more,
            reason="less_than_paid",
        )  # fmt: skip
    question = queries.question_of(uow.db, queries.view_of(call), SYSTEM)
    bookings.book_answered(
        uow, booking_id=call.id, client_id=call.client_id, service=service, slot=slot, payment_id=call.payment_id,
        brief=question,
    )  # fmt: skip
    call.consultant_id = me
    _become(uow, call, State.ANSWERED)
    uow.emit(CallAnswered(call_id=call.id, client_id=call.client_id, consultant_id=me))
    return call.id


def pass_call(uow: UnitOfWork, *, call_id: str) -> None:
    """The asker cannot take it. When nobody is left, the client need not wait. Twice is once. Raises NotFound."""
    call = _locked(uow, call_id)
    ring = uow.db.get(Ring, (call_id, uow.actor.user_id))
    if ring is None:
        raise NotFound
    if call.state != State.RINGING or ring.passed_at is not None:
        return
    ring.passed_at = uow.now
    uow.db.flush()
    if all(passed for _, passed in queries.rung(uow.db, call_id)):
        _end(uow, call, State.UNANSWERED)


def withdraw_call(uow: UnitOfWork, *, call_id: str) -> State:
    """The client does not want to wait; everything comes back. Twice is once. Raises NotFound, CallTaken, CallOver."""
    call = _locked(uow, call_id)
    if call.client_id != uow.actor.user_id:
        raise NotFound
    if call.state == State.ANSWERED:
        raise CallTaken(N_("Somebody has just answered: your session has begun."))
    if call.state in rules.OPEN:
        _end(uow, call, State.WITHDRAWN)
    return State(call.state)


def pass_time(uow: UnitOfWork, *, call_id: str) -> State:
    """Take a call's exit by time, if it has come: not paid → lapsed, unanswered → everything back."""
    call = _locked(uow, call_id)
    if call.state == State.UNPAID and call.pay_by <= uow.now:
        if ring_if_paid(uow, call_id=call_id) is State.UNPAID:
            _end(uow, call, State.LAPSED)
    elif call.state == State.RINGING and call.rings_until is not None and call.rings_until <= uow.now:
        _end(uow, call, State.UNANSWERED)
    return State(call.state)


def _ring(uow: UnitOfWork, call: Call, fit: list[Candidate]) -> None:
    call.rings_until = uow.now + rules.RING_FOR
    _become(uow, call, State.RINGING)
    for one in fit:
        uow.db.add(Ring(call_id=call.id, consultant_id=one.card.id, service_id=one.service.id, passed_at=None))
        uow.emit(CallRang(call_id=call.id, client_id=call.client_id, consultant_id=one.card.id))
    uow.db.flush()


def _end(uow: UnitOfWork, call: Call, state: State) -> None:
    _become(uow, call, state)
    _give_back(uow, call, state)
    uow.emit(CallEnded(call_id=call.id, client_id=call.client_id, state=state))


def _give_back(uow: UnitOfWork, call: Call, reason: str) -> None:
    """All that was paid, if anything was; the refund's id is the call's, so asking twice is asking once."""
    payment = payment_queries.payment_for(uow.db, purpose_of_call(call.id))
    if payment is not None and payment.captured and payment.amount:
        payments.request_refund(
            uow, refund_id=call.id, purpose=purpose_of_call(call.id), amount=payment.amount, reason=reason
        )


def _become(uow: UnitOfWork, call: Call, state: State) -> None:
    assert rules.may_become(State(call.state), state), f"{call.state} may not become {state}"
    call.state = state
    call.ended_at = None if state in rules.OPEN else uow.now
    uow.db.flush()


def _locked(uow: UnitOfWork, call_id: str) -> Call:
    call = uow.db.scalar(
        select(Call).where(Call.id == call_id).with_for_update().execution_options(populate_existing=True)
    )
    if call is None:
        raise NotFound
    return call


def _difference_id(call_id: str) -> str:
    return hashlib.sha256(f"{call_id}:difference".encode()).hexdigest()[:32]
