"""Asking for a time: what is held, what is refused, and the same request twice."""

from __future__ import annotations

import pytest

from tests import make
from tests.features.booking.life.scene import HOUR, MINUTE, NOW, PRICE, QUARTER
from zhixun.events.booking import BookingHeld
from zhixun.features.booking import actions
from zhixun.features.booking.actions import OwnService, TooManyHolds
from zhixun.features.booking.rules import State
from zhixun.features.catalog import actions as catalog
from zhixun.features.scheduling.actions import HoldIdUsed, NotOffered
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id


def test_asking_holds_the_time_for_a_quarter_of_an_hour(scene):
    booking_id = scene.ask(brief="  Should I sign?\r\n")
    assert scene.facts == [BookingHeld]
    seen = scene.view(booking_id)
    assert (seen.state, make.brief_of(booking_id), seen.price) == (State.HELD, "Should I sign?", PRICE)
    assert seen.hold_expires_at == NOW + QUARTER
    assert seen.ends_at - seen.starts_at == HOUR
    assert not scene.is_free()


def test_the_same_request_twice_is_one_booking_with_one_payment(scene):
    name = scene.ask()
    payment = scene.view(name).payment_id
    assert scene.ask(booking_id=name) == name
    assert scene.facts == []
    assert scene.view(name).payment_id == payment
    scene.pay(name)
    scene.confirm(name)
    made = scene.do(
        actions.request_booking, who=scene.ada, booking_id=name, service_id=scene.grace.service_id, start=scene.start
    )
    assert made.state is State.CONFIRMED


def test_an_id_that_names_another_booking_is_refused(scene):
    name = scene.ask()
    with pytest.raises(HoldIdUsed):
        scene.ask(booking_id=name, start=scene.start + HOUR)
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    with pytest.raises(NotFound):
        scene.ask(booking_id=name, who=bob)
    assert scene.view(name).starts_at == scene.start


@pytest.mark.parametrize("wrong", ["", "x", "0" * 31, "G" * 32, "\x00" * 32, "0" * 5_000])
def test_a_booking_id_has_the_form_of_an_id(scene, wrong):
    with pytest.raises(Invalid):
        scene.do(
            actions.request_booking,
            who=scene.ada,
            booking_id=wrong,
            service_id=scene.grace.service_id,
            start=scene.start,
        )


def test_what_cannot_be_booked_is_refused_and_holds_nothing(scene):
    with pytest.raises(OwnService):
        scene.ask(who=scene.grace.actor)
    with pytest.raises(NotFound):
        scene.ask(service_id=new_id())
    with pytest.raises(NotOffered):
        scene.ask(start=scene.start + MINUTE)
    with pytest.raises(Invalid):
        scene.ask(start=scene.start.replace(tzinfo=None))
    with pytest.raises(Invalid):
        scene.ask(brief="x" * 4_001)
    assert scene.is_free()
    scene.do(catalog.unlist_consultant, consultant_id=scene.grace.id)
    with pytest.raises(NotFound):
        scene.ask()


def test_nobody_holds_more_than_five_unpaid_times_and_a_lapsed_one_no_longer_counts(scene):
    for n in range(5):
        scene.ask(start=scene.start + n * HOUR)
    with pytest.raises(TooManyHolds):
        scene.ask(start=scene.start + 5 * HOUR)
    scene.ask(start=scene.start + 5 * HOUR, at=NOW + QUARTER)
