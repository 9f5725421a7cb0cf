"""Coupons, points and tiers as values: who may use what, how much it gives, where points come from and go back to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhixun.features.loyalty import rules
from zhixun.features.loyalty.rules import TIERS, Coupon, Wanted
from zhixun.kernel.errors import Invalid
from zhixun.kernel.values import Money, Words

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FIFTY = Coupon(
    id="c", code="WELCOME50", title=Words("立减", "Off"), kind="amount", percent_bps=0, amount_minor=5_000,
    off_max_minor=None, minimum_minor=30_000, field_id=None, consultant_id=None, first_booking=False, listed=True,
    valid_from=NOW - DAY, valid_until=NOW + DAY, per_person_max=1, uses_max=10, budget_minor=100_000, used=0,
    spent_minor=0, paused=False,
)  # fmt: skip
TENTH = replace(FIFTY, kind="percent", percent_bps=1_000, amount_minor=0, off_max_minor=4_000)
WANTED = Wanted(Money(48_000), "legal", "grace", False, NOW, 0)


@pytest.mark.parametrize(
    ("coupon", "price", "off"),
    [
        (FIFTY, 48_000, 5_000), (FIFTY, 3_000, 3_000), (TENTH, 30_000, 3_000), (TENTH, 48_000, 4_000),
        (replace(FIFTY, spent_minor=98_000), 48_000, 2_000), (replace(FIFTY, budget_minor=None), 48_000, 5_000),
    ],
)  # fmt: skip
def test_a_coupon_gives_no_more_than_price_maximum_and_budget(coupon: Coupon, price: int, off: int) -> None:
    assert rules.coupon_off(coupon, Money(price)) == Money(off)


@pytest.mark.parametrize(
    ("coupon", "wanted", "word"),
    [
        (replace(FIFTY, paused=True), WANTED, "not valid"),
        (FIFTY, replace(WANTED, now=NOW + DAY), "not valid"),
        (FIFTY, replace(WANTED, now=NOW - DAY - timedelta(seconds=1)), "not valid"),
        (replace(FIFTY, used=10), WANTED, "used up"),
        (replace(FIFTY, spent_minor=100_000), WANTED, "used up"),
        (FIFTY, replace(WANTED, used_before=1), "already"),
        (replace(FIFTY, first_booking=True), WANTED, "first booking"),
        (replace(FIFTY, field_id="health"), WANTED, "other consultants"),
        (replace(FIFTY, consultant_id="hopper"), WANTED, "other consultants"),
        (FIFTY, replace(WANTED, price=Money(29_999)), "below"),
        (FIFTY, replace(WANTED, price=Money(48_000, "USD")), "used up"),
    ],
)
def test_a_coupon_that_cannot_be_used_says_why(coupon: Coupon, wanted: Wanted, word: str) -> None:
    assert word in (rules.why_not(coupon, wanted) or "")


def test_a_coupon_that_fits_can_be_used_to_its_last_second() -> None:
    assert rules.why_not(FIFTY, WANTED) is None
    assert rules.why_not(replace(FIFTY, first_booking=True), replace(WANTED, first_booking=True)) is None
    assert rules.why_not(FIFTY, replace(WANTED, now=NOW + DAY - timedelta(microseconds=1))) is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": "ab"}, "code"), ({"code": "small"}, "code"), ({"title": Words()}, "title"), ({"kind": "x"}, "kind"),
        ({"amount_minor": 0}, "value"), ({"kind": "percent", "percent_bps": 9_001}, "value"),
        ({"valid_until": NOW - DAY}, "valid_until"), ({"per_person_max": 0}, "per_person_max"),
        ({"uses_max": 0}, "uses_max"), ({"budget_minor": 0}, "budget"), ({"minimum_minor": -1}, "minimum"),
    ],
)  # fmt: skip
def test_a_coupon_that_makes_no_sense_is_refused_by_name(changed: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_coupon(replace(FIFTY, **changed))
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("asked", "balance", "price", "points"),
    [(10**9, 2_060, 48_000, 2_000), (1_250, 2_060, 48_000, 1_200), (10**9, 10**6, 48_000, 14_400), (99, 99, 48_000, 0), (-5, 900, 48_000, 0)],
)  # fmt: skip
def test_points_pay_in_hundreds_up_to_a_share(asked: int, balance: int, price: int, points: int) -> None:
    assert rules.spendable(asked, balance=balance, price=Money(price), share_bps=3_000) == points


def test_a_session_brings_a_point_a_yuan_and_more_in_higher_tiers() -> None:
    assert [rules.points_for(Money(48_050), tier) for tier in TIERS] == [480, 528, 600]
    assert [rules.tier_of(minor).name for minor in (0, 199_999, 200_000, 800_000)] == [
        "green",
        "green",
        "silver",
        "gold",
    ]
    assert rules.next_tier(0) == TIERS[1]
    assert rules.next_tier(800_000) is None


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=8), st.data())
def test_points_drawn_and_put_back_bit_by_bit_are_where_they_were(lots: list[int], data: st.DataObject) -> None:
    named = [(str(place), left) for place, left in enumerate(lots)]
    points = data.draw(st.integers(0, sum(lots)))
    taken = rules.drawn(named, points)
    assert sum(used for _, used in taken) == points
    first = data.draw(st.integers(0, points))
    some, all_of_it = dict(rules.put_back(taken, first)), dict(rules.put_back(taken, points))
    assert all_of_it == dict(taken)
    assert all(some.get(lot, 0) <= used for lot, used in all_of_it.items())
