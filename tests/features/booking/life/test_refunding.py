"""Money that goes back after the session: by whom, from whom, how much, and once."""

from __future__ import annotations

import pytest

from tests import make
from tests.features.booking.life.scene import HOUR, NOW
from zhixun.events.booking import BookingRefunded
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.booking import actions
from zhixun.features.booking.actions import NotEnded
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger.rules import PAID_OUT, Line, consultant_account
from zhixun.features.payments import queries as payments
from zhixun.features.payments.actions import RefundTooMuch
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, new_id

SUPPORT = Actor("sam", frozenset({"operator", "support"}))
CONTENT = Actor("connie", frozenset({"operator", "content"}))
WHY = "The sound failed for half of it"


@pytest.fixture
def done(scene):
    booking_id = scene.running()
    scene.complete(booking_id, scene.start + HOUR)
    return booking_id


@pytest.fixture
def give(scene):
    def give(booking_id, amount=None, *, who=SUPPORT, refund_id=None, reason=WHY):
        return scene.do(
            actions.refund_booking,
            who=who,
            at=scene.start + 2 * HOUR,
            refund_id=refund_id or new_id(),
            booking_id=booking_id,
            amount=Money(amount) if amount is not None else None,
            reason=reason,
        )

    return give


def release(scene, booking_id):
    scene.do(actions.release_money, booking_id=booking_id, at=scene.start + 60 * HOUR)


def test_before_the_release_it_comes_from_escrow_and_the_consultant_gets_a_share_of_the_rest(scene, done, give):
    assert give(done, 12_000) == Money(12_000)
    assert BookingRefunded in scene.facts
    assert scene.money(done) == (36_000, 12_000, 0, 0)
    release(scene, done)
    assert scene.money(done) == (0, 12_000, 31_680, 4_320)


def test_after_the_release_consultant_and_house_give_back_as_they_got_to_the_cent(scene, done, give):
    release(scene, done)
    for amount in (9_999, 1, 13, 20_000):
        give(done, amount)
    assert give(done) == Money(48_000 - 30_013)
    assert scene.money(done) == (0, 48_000, 0, 0)


def test_a_balance_may_fall_below_zero_and_what_is_earned_next_makes_up_for_it(scene, done, give):
    release(scene, done)
    with unit_of_work(now=NOW) as uow:
        ledger.post(
            uow,
            key="payout:x",
            kind="payout",
            purpose="payout:x",
            lines=[Line(consultant_account(scene.grace.id), Money(-42_240)), Line(PAID_OUT, Money(42_240))],
        )
    give(done)
    assert scene.money(done) == (0, 48_000, -42_240, 0)


def test_part_from_escrow_and_then_all_the_rest_is_exactly_what_was_paid(scene, done, give):
    give(done, 7_777)
    release(scene, done)
    give(done, 11_111)
    give(done)
    assert scene.money(done) == (0, 48_000, 0, 0)
    with pytest.raises(RefundTooMuch):
        give(done, 1)
    assert give(done) == Money(0)


def test_the_same_refund_asked_for_twice_goes_back_once(scene, done, give):
    name = new_id()
    for _ in range(2):
        assert give(done, 5_000, refund_id=name) == Money(5_000)
    assert scene.facts == []
    with Session() as db:
        [line] = payments.refunds_for(db, f"booking:{done}")
    assert (line.reason, line.note, line.asked_by) == ("operator", WHY, "sam")


def test_only_who_has_the_right_gives_money_back(scene, done, give):
    for who in (scene.ada, scene.grace.actor, CONTENT, Actor("olga", frozenset({"operator"}))):
        with pytest.raises(RightNeeded):
            give(done, 1, who=who)
    assert scene.money(done) == (48_000, 0, 0, 0)


def test_what_makes_no_sense_is_refused_and_nothing_moves(scene, done, give):
    for amount in (0, -1):
        with pytest.raises(Invalid):
            give(done, amount)
    with pytest.raises(RefundTooMuch):
        give(done, 48_001)
    for reason in ("", "  no ", "x" * 501):
        with pytest.raises(Invalid):
            give(done, 1, reason=reason)
    with pytest.raises(Invalid):
        give(done, 1, refund_id="mine")
    with pytest.raises(NotFound):
        give(new_id(), 1)
    assert scene.money(done) == (48_000, 0, 0, 0)


def test_before_the_session_one_cancels_instead(scene, give):
    with pytest.raises(NotEnded):
        give(scene.booked())


def test_a_free_session_has_nothing_to_give_back(scene, give):
    with unit_of_work(now=NOW) as uow:
        free = make.add_service(uow, scene.grace.id, price=Money(0))
    booking_id = scene.ask(service_id=free)
    scene.confirm(booking_id)
    scene.begin(booking_id, scene.start)
    scene.complete(booking_id, scene.start + HOUR)
    with pytest.raises(NotFound):
        give(booking_id, 1)
