"""A seat of a group session is a booking of its own: held, paid, let go, and never one more than there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from tests.features.booking.groups.parts import (
    HOUR,
    NOW,
    START,
    WISH,
    group_of,
    left,
    money_of,
    paid,
    pay,
    people,
    seat,
    state,
)
from zhixun.features.booking import actions
from zhixun.features.booking.actions import GroupFull, SeatedAlready
from zhixun.features.booking.rules import State
from zhixun.features.ledger.rules import escrow_of, refunds_account
from zhixun.features.scheduling.actions import HoldIdUsed, SlotTaken
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, Words, new_id


def test_a_seat_is_held_paid_and_counted(grace):
    [ada], name = people(1), group_of(grace)
    made = seat(ada, name)
    assert (made.total, left(name)) == (Money(12_000), 3)
    pay(made.booking_id)
    assert (state(made.booking_id), money_of(escrow_of(made.booking_id))) == (State.CONFIRMED, 12_000)


def test_the_consultants_time_is_taken_once_and_nobody_books_over_it(grace):
    [ada] = people(1)
    ten = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    group_of(grace, start=ten, decide_at=ten - HOUR)
    with pytest.raises(SlotTaken), unit_of_work(now=NOW) as uow:
        make.held_booking(uow, client=ada, consultant=grace, start=ten)
    with pytest.raises(SlotTaken):
        group_of(grace, start=ten + HOUR / 2, decide_at=ten - HOUR)


def test_who_comes_when_every_seat_is_taken_is_told_other_dates(grace):
    name = group_of(grace, seats=2)
    other = group_of(grace, seats=2, start=START + 24 * HOUR, decide_at=START)
    ada, bob, carl = people(3)
    seat(ada, name)
    seat(bob, name)
    with pytest.raises(GroupFull) as refusal:
        seat(carl, name)
    assert refusal.value.extra["alternatives"] == ["2026-11-28T11:00:00Z"]
    assert refusal.value.extra["groups"][0]["id"] == other


def test_the_same_request_twice_is_one_seat_and_one_person_has_one(grace):
    [ada], name, booking_id = people(1), group_of(grace), new_id()
    assert seat(ada, name, booking_id=booking_id) == seat(ada, name, booking_id=booking_id)
    with pytest.raises(SeatedAlready):
        seat(ada, name)
    with pytest.raises(HoldIdUsed):
        seat(ada, group_of(grace, start=START + 24 * HOUR, decide_at=START), booking_id=booking_id)
    with pytest.raises(NotFound):
        seat(ada, new_id())
    with pytest.raises(actions.OwnService):
        seat(grace.actor, name)


def test_a_seat_not_paid_for_in_time_is_free_again_and_late_money_finds_a_seat_or_comes_back(grace):
    ada, bob, carl = people(3)
    name, later = group_of(grace, seats=2, seats_min=1), NOW + timedelta(minutes=16)
    first, second = seat(ada, name), seat(bob, name)
    assert (left(name), left(name, later)) == (0, 2)
    paid(carl, name, now=later)
    for one in (first, second):
        with unit_of_work(now=later) as uow:
            actions.pass_time(uow, booking_id=one.booking_id)
    pay(first.booking_id, now=later)
    pay(second.booking_id, now=later)
    assert (state(first.booking_id), state(second.booking_id)) == (State.CONFIRMED, State.CANCELLED)
    assert money_of(refunds_account("sandbox")) == 12_000


def test_who_lets_a_seat_lapse_may_take_one_again_and_pays_for_one_only(grace):
    [ada], later = people(1), NOW + timedelta(minutes=16)
    name = group_of(grace)
    first = seat(ada, name)
    again = paid(ada, name, now=later)
    pay(first.booking_id, now=later)
    assert (state(first.booking_id), state(again)) == (State.CANCELLED, State.CONFIRMED)


def test_a_cancelled_seat_follows_the_ladder_and_is_free_again(grace):
    [ada], name = people(1), group_of(grace)
    booking_id = paid(ada, name)
    with unit_of_work(ada, now=START - 3 * HOUR) as uow:
        assert actions.cancel_booking(uow, booking_id=booking_id) == Money(6_000)
    assert left(name) == 4


def test_a_seat_cannot_be_moved(grace):
    [ada], name = people(1), group_of(grace)
    booking_id = paid(ada, name)
    with pytest.raises(actions.TooLate) as refusal, unit_of_work(ada, now=NOW) as uow:
        actions.reschedule_booking(uow, booking_id=booking_id, start=START + HOUR)
    assert refusal.value.code == "seat_stays"


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"title": Words("No")}, "title"),
        ({"title": Words("面试演练", "No")}, "title_en"),
        ({"seats": 1, "seats_min": 1}, "seats"),
        ({"seats": 31}, "seats"),
        ({"seats_min": 5}, "seats_min"),
        ({"seats_min": 0}, "seats_min"),
        ({"decide_at": START}, "decide_hours"),
        ({"start": NOW + 2 * HOUR, "decide_at": NOW - HOUR}, "start"),
        ({"minutes": 5}, "minutes"),
        ({"price": Money(-1)}, "price"),
    ],
)
def test_what_makes_no_group_session_is_refused(grace, terms, field):
    with pytest.raises(Invalid) as refusal:
        group_of(grace, **terms)
    assert list(refusal.value.fields) == [field]
    [ada] = people(1)
    with pytest.raises(NotFound), unit_of_work(ada, now=NOW) as uow:
        actions.set_group(uow, group_id=new_id(), wish=WISH)
