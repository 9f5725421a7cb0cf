"""A package, a coupon and points pay for a series, session by session."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from tests.features.booking.series.parts import (
    NOW,
    START,
    asked,
    money_of,
    paid,
    parts_of,
    standing,
    standing_of,
    states,
    with_benefits,
)
from zhixun.features.booking import actions
from zhixun.features.booking.rules import State
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_of
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.plans.queries import NOTHING_CHOSEN, Choice, CreditsUsedUp
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money


def test_a_package_pays_for_as_many_as_it_has_and_the_rest_is_paid_with_money(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        plan = make.bought(uow, make.package(uow, grace, quantity=3, price=Money(120_000)), client=ada)
    made = asked(ada, grace, choice=Choice(use_plan=plan))
    assert made.total == make.PRICE
    with unit_of_work(ada, now=NOW) as uow:
        assert actions.choose_series_terms(uow, series_id=made.series_id, choice=NOTHING_CHOSEN) == Money(4 * 48_000)
        assert actions.choose_series_terms(uow, series_id=made.series_id, choice=Choice(use_plan=plan)) == make.PRICE
    paid(made)
    assert states(made) == [State.CONFIRMED] * 4
    bob = make.pair()[0]
    with pytest.raises(NotFound):
        asked(bob, grace, choice=Choice(use_plan=plan), start=START + timedelta(hours=1))
    with pytest.raises(CreditsUsedUp):
        asked(ada, grace, choice=Choice(use_plan=plan), start=START + timedelta(hours=1))


def test_a_package_that_covers_all_of_it_needs_no_payment(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        plan = make.bought(uow, make.package(uow, grace), client=ada)
    made = asked(ada, grace, choice=Choice(use_plan=plan))
    assert not made.total
    with unit_of_work(ada, now=NOW) as uow:
        actions.confirm_series_without_payment(uow, series_id=made.series_id)
    assert states(made) == [State.CONFIRMED] * 4


def test_a_coupon_and_points_pay_session_by_session_and_go_back_with_each_to_the_cent(two):
    ada, grace = two
    with_benefits(ada, 17_000, per_person_max=2)
    made = asked(ada, grace)
    with unit_of_work(ada, now=NOW) as uow:
        chosen = Choice(coupon="WELCOME50", points=17_000)
        for _ in range(2):
            total = actions.choose_series_terms(uow, series_id=made.series_id, choice=chosen)
    parts = [parts_of(one) for one, _ in made.bookings]
    assert parts == [(5_000, 12_900, 30_100), (5_000, 4_100, 38_900), (0, 0, 48_000), (0, 0, 48_000)]
    assert total == Money(sum(left for _, _, left in parts))
    paid(made, amount=total)
    assert states(made) == [State.CONFIRMED] * 4
    assert [money_of(escrow_of(one)) for one, _ in made.bookings] == [48_000] * 4
    first, second = made.bookings[0][0], made.bookings[1][0]
    with unit_of_work(ada, now=START - timedelta(hours=3)) as uow:
        assert actions.cancel_booking(uow, booking_id=first) == Money(15_050)
    assert (money_of("platform:coupons"), standing_of(ada)) == (-5_000 - 5_000 + 2_500, 6_450)
    with unit_of_work(ada, now=NOW) as uow:
        assert actions.cancel_booking(uow, booking_id=second) == Money(38_900)
    assert (money_of("platform:coupons"), standing_of(ada)) == (-2_500, 10_550)
    with Session() as db:
        assert ledger.verify(db).holds


def test_a_coupon_that_cannot_pay_for_the_first_session_is_refused_and_nothing_is_held(two):
    ada, grace = two
    with_benefits(ada, 0, minimum_minor=90_000)
    with pytest.raises(CouponRefused):
        asked(ada, grace, choice=Choice(coupon="WELCOME50"))
    with pytest.raises(CouponRefused):
        asked(ada, grace, choice=Choice(coupon="NONSENSE"))
    assert standing() == 0


def test_a_hold_that_ends_gives_coupon_and_points_back(two):
    ada, grace = two
    with_benefits(ada, 2_000)
    made = asked(ada, grace, choice=Choice(coupon="WELCOME50", points=2_000))
    assert (made.total, standing_of(ada)) == (Money(4 * 48_000 - 5_000 - 2_000), 0)
    for booking_id, _ in made.bookings:
        with unit_of_work(now=NOW + timedelta(minutes=16)) as uow:
            actions.pass_time(uow, booking_id=booking_id)
    assert (standing_of(ada), money_of("platform:coupons")) == (2_000, 0)
