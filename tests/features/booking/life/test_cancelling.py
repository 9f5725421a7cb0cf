"""What comes back when someone cancels, and when."""

from __future__ import annotations

import pytest

from tests.features.booking.life.scene import HOUR, MINUTE, PRICE, SECOND
from tests.make import NOW
from zhixun.events.booking import BookingCancelled
from zhixun.features.booking import actions
from zhixun.features.booking.actions import TooLate
from zhixun.features.ledger import queries as ledger
from zhixun.features.loyalty import queries as loyalty
from zhixun.features.loyalty.rules import courtesy_points
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money


@pytest.mark.parametrize(
    ("before", "back"),
    [(24 * HOUR, 48_000), (24 * HOUR - SECOND, 24_000), (2 * HOUR, 24_000), (2 * HOUR - SECOND, 0), (SECOND, 0)],
)
def test_what_a_client_gets_back_is_what_the_ladder_says_and_the_rest_is_earned(scene, before, back):
    booking_id, at = scene.booked(), scene.start - before
    assert scene.view(booking_id, at=at).refund_now == Money(back)
    for _ in range(2):
        assert scene.cancel(booking_id, at=at) == Money(back)
    assert scene.money(booking_id) == (48_000 - back, back, 0, 0)
    assert scene.is_free()
    after = scene.start + 49 * HOUR
    scene.do(actions.release_money, booking_id=booking_id, at=after)
    commission = (48_000 - back) * 12 // 100
    assert scene.money(booking_id) == (0, back, 48_000 - back - commission, commission)


@pytest.mark.parametrize("who", ["consultant", "operator"])
def test_when_the_house_cancels_everything_comes_back(scene, who):
    booking_id = scene.booked()
    actor = scene.grace.actor if who == "consultant" else Actor("olga", frozenset({"operator", "support"}))
    assert scene.cancel(booking_id, at=scene.start - MINUTE, who=actor) == PRICE
    assert scene.facts.count(BookingCancelled) == 1
    assert scene.view(booking_id).ended_reason == who
    assert scene.money(booking_id) == (0, 48_000, 0, 0)
    assert scene.view(booking_id).release_at is None


def test_from_the_start_on_it_is_a_question_of_who_comes(scene):
    booking_id = scene.booked()
    for who in (scene.ada, scene.grace.actor):
        with pytest.raises(TooLate):
            scene.cancel(booking_id, at=scene.start, who=who)
    assert not scene.view(booking_id, at=scene.start).may_cancel
    assert scene.cancel(booking_id, at=scene.start, who=Actor("olga", frozenset({"operator", "support"}))) == PRICE


def test_a_consultants_cancelling_of_a_hold_is_told_as_theirs(scene):
    booking_id = scene.ask()
    scene.cancel(booking_id, who=scene.grace.actor)
    assert scene.view(booking_id).ended_reason == "consultant"


def test_a_client_whose_consultant_cancels_or_does_not_come_has_a_tenth_in_points_of_the_house(scene):
    booking_id = scene.booked()
    assert scene.view(booking_id).courtesy_points == 4_800
    assert points_of(scene.ada) == 0
    for _ in range(2):
        scene.cancel(booking_id, at=scene.start - MINUTE, who=scene.grace.actor)
    assert points_of(scene.ada) == 4_800
    missed = scene.booked()
    with unit_of_work(now=scene.start + 16 * MINUTE) as uow:
        actions.pass_time(uow, booking_id=missed)
    assert points_of(scene.ada) == 9_600
    with Session() as db:
        assert ledger.verify(db).holds


def test_nobody_else_and_nothing_unpaid_brings_a_courtesy(scene):
    scene.cancel(scene.ask(), who=scene.grace.actor)
    scene.cancel(scene.booked(), at=scene.start - 25 * HOUR)
    scene.cancel(scene.booked(), at=scene.start - MINUTE, who=Actor("olga", frozenset({"operator", "support"})))
    assert points_of(scene.ada) == 0


@pytest.mark.parametrize(
    ("price", "points"),
    [
        (Money(48_000), 4_800), (Money(12_345), 1_200), (Money(500_000), 10_000), (Money(900), 0), (Money(0), 0),
        (Money(48_000, "USD"), 0),
    ],
)  # fmt: skip
def test_it_is_a_tenth_in_whole_hundreds_and_has_an_end(price, points):
    assert courtesy_points(price) == points


def points_of(who: Actor) -> int:
    with Session() as db:
        return loyalty.standing(db, who.user_id, NOW).balance
