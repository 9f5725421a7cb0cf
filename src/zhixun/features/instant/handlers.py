"""The money is in: ring. And whoever looks at an open screen sees at once that something rings, is taken or is over."""

from __future__ import annotations

from zhixun.events.instant import CallAnswered, CallEnded, CallRang
from zhixun.events.payments import PaymentCaptured
from zhixun.features.payments.rules import call_of
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.web import live

from . import actions, queries


def ring_when_paid(event: PaymentCaptured) -> None:
    if call_id := call_of(event.purpose):
        with unit_of_work() as uow:
            actions.ring_if_paid(uow, call_id=call_id)


def show_ringing(event: CallRang) -> None:
    _show([event.consultant_id, event.client_id], event.call_id, "ringing")


def show_answered(event: CallAnswered) -> None:
    _show([event.client_id, *_rung(event.call_id)], event.call_id, "answered")


def show_ended(event: CallEnded) -> None:
    _show([event.client_id, *_rung(event.call_id)], event.call_id, event.state)


def _rung(call_id: str) -> list[str]:
    with Session() as db:
        return [consultant_id for consultant_id, _ in queries.rung(db, call_id)]


def _show(people: list[str], call_id: str, state: str) -> None:
    live.announce(people, {"type": "notice", "call": call_id, "state": state})
