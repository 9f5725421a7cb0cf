"""Many at once: as many get a seat as there are, and no money is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.features.booking.groups.parts import (
    NOW,
    group_of,
    left,
    money_of,
    pay,
    people,
    seat,
    state,
)
from zhixun.features.booking import actions
from zhixun.features.booking.actions import BookingMade, GroupFull
from zhixun.features.booking.rules import State
from zhixun.features.ledger.rules import escrow_of
from zhixun.kernel.errors import Conflict
from zhixun.kernel.unit_of_work import unit_of_work


def test_of_a_crowd_for_the_last_seats_as_many_get_one_as_there_are(grace):
    name, crowd = group_of(grace, seats=3), people(12)
    barrier = Barrier(len(crowd))

    def run(who):
        barrier.wait()
        try:
            return seat(who, name)
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(len(crowd)) as pool:
        answers = list(pool.map(run, crowd))
    assert sum(isinstance(one, BookingMade) for one in answers) == 3
    assert sum(isinstance(one, GroupFull) for one in answers) == 9
    assert left(name) == 0


@pytest.mark.parametrize("attempt", range(2))
def test_calling_off_while_seats_are_taken_paid_and_cancelled_loses_no_money(grace, attempt):
    name, crowd = group_of(grace, seats=6), people(6)
    held = [seat(who, name) for who in crowd[:4]]
    barrier = Barrier(8)

    def run(deed):
        barrier.wait()
        try:
            return deed()
        except Conflict as refusal:
            return refusal

    def called_off():
        with unit_of_work(grace.actor, now=NOW) as uow:
            actions.cancel_group(uow, group_id=name)

    def given_back(who, booking_id):
        with unit_of_work(who, now=NOW) as uow:
            actions.cancel_booking(uow, booking_id=booking_id)

    deeds = [called_off, *(lambda one=one: pay(one.booking_id) for one in held)]
    deeds += [lambda: given_back(crowd[0], held[0].booking_id), *(lambda w=w: seat(w, name) for w in crowd[4:])]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, deeds))
    for one in held:
        with unit_of_work(now=NOW) as uow:
            actions.confirm_if_paid(uow, booking_id=one.booking_id)
    assert {state(one.booking_id) for one in held} == {State.CANCELLED}
    assert all(money_of(escrow_of(one.booking_id)) == 0 for one in held)
