"""A group session and the people in it, as the tests of groups speak of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import time_machine

from tests import make
from zhixun.events.booking import BookingCancelled, BookingFact
from zhixun.features.booking import actions, handlers, queries
from zhixun.features.booking.actions import BookingMade, GroupWish
from zhixun.features.booking.rules import State
from zhixun.features.ledger import queries as ledger
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, Words, new_id

NOW = make.NOW
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
"""Three days on, 19:00 in Shanghai: not an hour that Grace offers."""
WISH = GroupWish(Words("Interview practice"), START, 60, Money(12_000), 4, 2, START - 24 * HOUR)


def people(count: int) -> list[Actor]:
    with unit_of_work(now=NOW) as uow:
        return [make.client(uow, f"Bob{number}") for number in range(count)]


def group_of(grace: make.ConsultantMade, **terms) -> str:
    name = new_id()
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.set_group(uow, group_id=name, wish=replace(WISH, **terms))
    return name


def seat(who: Actor, group_id: str, *, now=NOW, booking_id: str = "") -> BookingMade:
    with unit_of_work(who, now=now) as uow:
        return actions.take_seat(uow, booking_id=booking_id or new_id(), group_id=group_id)


def paid(who: Actor, group_id: str, *, now=NOW) -> str:
    made = seat(who, group_id, now=now)
    return pay(made.booking_id, now=now)


def pay(booking_id: str, *, now=NOW) -> str:
    with unit_of_work(now=now) as uow:
        make.pay(uow, booking_id)
        actions.confirm_if_paid(uow, booking_id=booking_id)
    return booking_id


def state(booking_id: str) -> State:
    with Session() as db:
        return queries.booking(db, booking_id, SYSTEM, NOW).state


def left(group_id: str, now=NOW) -> int:
    with Session() as db:
        return queries.group(db, group_id, now).seats_left


def money_of(account: str) -> int:
    with Session() as db:
        assert ledger.verify(db).holds
        return ledger.balance(db, account).amount_minor


def ended(who: Actor, booking_id: str, *, now=NOW) -> None:
    """Someone gives a seat back, and what hears of it."""
    with unit_of_work(who, now=now) as uow:
        actions.cancel_booking(uow, booking_id=booking_id)
    hear(BookingCancelled, booking_id, now, reason="client")


def hear(fact: type[BookingFact], booking_id: str, now: datetime, **more: str) -> None:
    with Session() as db:
        view = queries.booking(db, booking_id, SYSTEM, now)
    said = fact(booking_id=booking_id, client_id=view.client_id, consultant_id=view.consultant_id, **more)
    with time_machine.travel(now, tick=False):
        for _ in range(2):
            handlers.close_emptied_group(said)


def state_of_group(group_id: str) -> tuple[str, str | None]:
    with Session() as db:
        found = queries.group(db, group_id, NOW)
        return found.state, found.ended_reason
