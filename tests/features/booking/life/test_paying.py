"""From the money to the confirmed time, and back where it came too late."""

from __future__ import annotations

import pytest

from tests import make
from tests.features.booking.life.scene import HOUR, MINUTE, NOW, QUARTER, SECOND
from zhixun.events.booking import BookingConfirmed, BookingExpired
from zhixun.events.payments import PaymentCaptured
from zhixun.features.booking import handlers
from zhixun.features.booking.rules import State
from zhixun.features.scheduling import actions as scheduling
from zhixun.kernel.errors import NotFound
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id


def test_who_pays_has_the_time(scene):
    booking_id = scene.ask()
    scene.pay(booking_id)
    assert scene.confirm(booking_id, at=NOW + MINUTE) is State.CONFIRMED
    assert scene.facts == [BookingConfirmed]
    for _ in range(2):
        assert scene.confirm(booking_id) is State.CONFIRMED
        assert scene.facts == []
    assert scene.steps(booking_id) == [State.HELD, State.PAID, State.CONFIRMED]
    assert scene.money(booking_id) == (48_000, 0, 0, 0)
    assert scene.tick(booking_id, NOW + HOUR) is State.CONFIRMED
    scene.do(scheduling.sweep_lapsed_holds, at=NOW + HOUR)
    assert not scene.is_free()


def test_nothing_is_confirmed_before_it_is_paid(scene):
    booking_id = scene.ask()
    assert scene.confirm(booking_id) is State.HELD
    with pytest.raises(NotFound):
        scene.confirm(new_id())


def test_a_free_session_is_confirmed_without_a_gateway(scene):
    with unit_of_work(now=NOW) as uow:
        free = make.add_service(uow, scene.grace.id, price=Money(0))
    booking_id = scene.ask(service_id=free)
    assert PaymentCaptured in scene.facts
    assert scene.confirm(booking_id) is State.CONFIRMED
    assert scene.cancel(booking_id) == Money(0)
    assert scene.money(booking_id) == (0, 0, 0, 0)


def test_who_does_not_pay_loses_the_time(scene):
    booking_id = scene.ask()
    assert scene.tick(booking_id, NOW + QUARTER - SECOND) is State.HELD
    assert scene.view(booking_id, at=NOW + QUARTER).state is State.EXPIRED
    assert scene.tick(booking_id, NOW + QUARTER) is State.EXPIRED
    assert scene.facts == [BookingExpired]
    assert scene.tick(booking_id, NOW + QUARTER) is State.EXPIRED
    assert scene.facts == []
    assert scene.is_free()


def test_who_paid_in_time_has_the_time_even_when_the_clock_is_faster_than_the_fact(scene):
    booking_id = scene.ask()
    scene.pay(booking_id, at=NOW + QUARTER - SECOND)
    assert scene.tick(booking_id, NOW + 2 * QUARTER) is State.CONFIRMED
    assert scene.steps(booking_id) == [State.HELD, State.PAID, State.CONFIRMED]


@pytest.mark.parametrize("swept", [False, True])
def test_who_pays_too_late_has_the_time_if_it_is_still_free(scene, swept):
    booking_id = scene.ask()
    if swept:
        scene.do(scheduling.sweep_lapsed_holds, at=NOW + QUARTER)
        scene.tick(booking_id, NOW + QUARTER)
    scene.pay(booking_id, at=NOW + HOUR)
    assert scene.confirm(booking_id, at=NOW + HOUR) is State.CONFIRMED
    assert scene.tick(booking_id, NOW + 2 * HOUR) is State.CONFIRMED
    assert not scene.is_free()


@pytest.mark.parametrize("swept", [False, True])
def test_who_pays_too_late_gets_the_money_back_if_the_time_is_gone(scene, swept):
    booking_id = scene.ask()
    if swept:
        scene.tick(booking_id, NOW + QUARTER)
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    scene.ask(who=bob, at=NOW + QUARTER)
    scene.pay(booking_id, at=NOW + QUARTER + MINUTE)
    for _ in range(2):
        assert scene.confirm(booking_id, at=NOW + QUARTER + MINUTE) is State.CANCELLED
    assert scene.view(booking_id).ended_reason == "paid_too_late"
    assert scene.money(booking_id) == (0, 48_000, 0, 0)


def test_who_pays_after_the_session_was_to_begin_gets_the_money_back(scene):
    booking_id = scene.ask()
    scene.pay(booking_id, at=scene.start)
    assert scene.confirm(booking_id, at=scene.start) is State.CANCELLED
    assert scene.money(booking_id) == (0, 48_000, 0, 0)
    assert scene.is_free()


def test_money_for_a_hold_that_was_let_go_comes_back_once(scene):
    booking_id = scene.ask()
    assert scene.cancel(booking_id) == Money(0)
    assert scene.is_free()
    scene.pay(booking_id)
    for _ in range(2):
        assert scene.confirm(booking_id) is State.CANCELLED
        assert scene.money(booking_id) == (0, 48_000, 0, 0)


def test_the_fact_of_a_payment_delivered_again_gives_nothing_more_back_than_the_ladder_said(scene):
    booking_id = scene.booked()
    assert scene.cancel(booking_id, at=scene.start - HOUR) == Money(0)
    fact = PaymentCaptured(
        payment_id=scene.view(booking_id).payment_id,
        purpose=f"booking:{booking_id}",
        amount_minor=48_000,
        currency="CNY",
    )
    for _ in range(2):
        handlers.confirm_when_paid(fact)
    assert scene.money(booking_id) == (48_000, 0, 0, 0)
