"""A group session ends before it began: too few, called off, a day off, or every seat given back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.features.booking.groups.parts import (
    HOUR,
    NOW,
    START,
    WISH,
    ended,
    group_of,
    hear,
    money_of,
    paid,
    pay,
    people,
    seat,
    state,
    state_of_group,
)
from zhixun.events.booking import BookingExpired
from zhixun.features.booking import actions, jobs, queries
from zhixun.features.booking.actions import GroupClosed
from zhixun.features.booking.rules import State
from zhixun.features.ledger.rules import escrow_of, refunds_account
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id


def test_with_too_few_seats_paid_it_is_called_off_by_the_clock_and_everything_comes_back(grace, monkeypatch):
    ada, bob, carl = people(3)
    name = group_of(grace)
    booking_id, unpaid = paid(ada, name), seat(bob, name)
    decide = WISH.decide_at + timedelta(minutes=1)
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: decide)
    jobs.decide_groups()
    jobs.decide_groups()
    assert (state(booking_id), state(unpaid.booking_id)) == (State.CANCELLED, State.CANCELLED)
    assert money_of(refunds_account("sandbox")) == 12_000
    pay(unpaid.booking_id, now=decide)
    assert money_of(refunds_account("sandbox")) == 24_000
    with pytest.raises(GroupClosed):
        seat(carl, name, now=decide)
    group_of(grace)  # the time is free again


def test_with_enough_it_takes_place_and_later_seats_are_still_sold(grace):
    ada, bob, carl = people(3)
    name = group_of(grace)
    ids = [paid(ada, name), paid(bob, name)]
    with unit_of_work(now=WISH.decide_at) as uow:
        assert actions.decide_group(uow, group_id=name) == "on"
    ids.append(paid(carl, name, now=START - 2 * HOUR))
    assert {state(one) for one in ids} == {State.CONFIRMED}


def test_a_consultant_calls_it_off_and_pays_everybody_back(grace):
    [ada], name = people(1), group_of(grace)
    booking_id = paid(ada, name)
    with pytest.raises(NotFound), unit_of_work(ada, now=NOW) as uow:
        actions.cancel_group(uow, group_id=name)
    for _ in range(2):
        with unit_of_work(grace.actor, now=START - HOUR) as uow:
            actions.cancel_group(uow, group_id=name)
    assert (state(booking_id), money_of(refunds_account("sandbox"))) == (State.CANCELLED, 12_000)


def test_a_consultant_who_calls_off_their_days_calls_off_the_groups_on_them(grace):
    [ada], name = people(1), group_of(grace)
    booking_id = paid(ada, name)
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.call_off_days(uow, days_off_id=new_id(), until=START.date())
    assert (state(booking_id), money_of(refunds_account("sandbox"))) == (State.CANCELLED, 12_000)
    with Session() as db:
        assert queries.group(db, name, NOW).state == "cancelled"


def test_a_day_off_leaves_no_group_standing_whether_its_seats_were_paid_held_or_never_taken(grace):
    ada, bob = people(2)
    full, empty = group_of(grace), group_of(grace, start=START + 3 * HOUR, decide_at=START)
    later = group_of(grace, start=START + 48 * HOUR, decide_at=START)
    first, second = paid(ada, full), seat(bob, full).booking_id
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.call_off_days(uow, days_off_id=new_id(), until=START.date())
    assert [state(one) for one in (first, second)] == [State.CANCELLED, State.CANCELLED]
    assert [state_of_group(one)[0] for one in (full, empty, later)] == ["cancelled", "cancelled", "open"]
    with pytest.raises(GroupClosed):
        seat(bob, full)
    pay(second)
    assert (state(second), money_of(escrow_of(second))) == (State.CANCELLED, 0), "late money finds no seat"
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.set_group(uow, group_id=new_id(), wish=WISH)  # its time is free again


def test_a_group_whose_last_seat_the_consultant_gave_back_does_not_stand(grace):
    ada, bob = people(2)
    name = group_of(grace)
    first, second = paid(ada, name), paid(bob, name)
    ended(grace.actor, first)
    assert state_of_group(name) == ("open", None), "one has a seat still"
    ended(grace.actor, second)
    assert state_of_group(name) == ("cancelled", "emptied")
    assert money_of(refunds_account("sandbox")) == 24_000
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.set_group(uow, group_id=new_id(), wish=WISH)


def test_clients_who_leave_empty_a_decided_group_only_and_a_held_seat_keeps_it(grace):
    ada, bob = people(2)
    name, decided = group_of(grace, seats_min=1), START - 24 * HOUR
    ended(ada, paid(ada, name))
    assert state_of_group(name) == ("open", None), "others may still come"
    taken = paid(ada, name)
    with unit_of_work(now=decided) as uow:
        assert actions.decide_group(uow, group_id=name) == "on"
    held = new_id()
    seat(bob, name, now=decided, booking_id=held)
    ended(ada, taken, now=decided)
    assert state_of_group(name) == ("on", None), "Bob is paying"
    late = decided + timedelta(minutes=16)
    with unit_of_work(now=late) as uow:
        actions.pass_time(uow, booking_id=held)
    hear(BookingExpired, held, late)
    assert state_of_group(name) == ("cancelled", "emptied")
