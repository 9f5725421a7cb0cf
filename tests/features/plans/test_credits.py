"""What is owed and what comes back: whole numbers, nothing lost, nothing taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhixun.features.ledger.rules import DISCOUNTS, MEMBERSHIPS, credits_of
from zhixun.features.plans import rules
from zhixun.features.plans.rules import UNIT, Cover, PackageTerms, Part, PriceLine, Quote
from zhixun.kernel.errors import Invalid
from zhixun.kernel.values import Money, Words

CASES = json.loads((Path(__file__).parent / "money.json").read_text())
TITLE = Words("五次套餐", "Five sessions")
PLAIN = Quote((PriceLine("base", Words("咨询", "Session"), Money(48_000)),), Money(48_000))


@pytest.mark.parametrize("case", [one for one in CASES if one["id"] == "M01"], ids=lambda one: one["title"])
def test_stacked_refunds_never_return_more_than_was_paid(case: dict) -> None:
    so_far, parts = 0, []
    for refund in case["refunds"]:
        parts.append(rules.split_back((case["net"], case["tax"]), so_far=so_far, more=refund))
        so_far += refund
    assert [net for net, _ in parts] == case["expect_net_parts"]
    assert [tax for _, tax in parts] == case["expect_tax_parts"]


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=5), st.lists(st.floats(0, 1), max_size=20))
def test_any_sequence_of_refunds_gives_each_source_exactly_its_own(parts: list[int], cuts: list[float]) -> None:
    whole, so_far, back = sum(parts), 0, [0] * len(parts)
    for until in [*sorted(int(whole * cut) for cut in cuts), whole]:
        split = rules.split_back(parts, so_far=so_far, more=until - so_far)
        assert sum(split) == until - so_far
        assert min(split) >= 0, "nothing is taken back from who had it"
        back, so_far = [had + got for had, got in zip(back, split, strict=True)], until
        assert all(
            abs(had * whole - part * so_far) <= whole * len(parts) for had, part in zip(back, parts, strict=True)
        )
    assert back == parts


def test_more_than_there_is_cannot_be_split() -> None:
    with pytest.raises(AssertionError):
        rules.proportional([1, 2], 4)


@given(st.integers(0, 10_000_000), st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_all_units_together_are_worth_what_was_paid(paid: int, uses: list[int]) -> None:
    left, balance = sum(uses), Money(paid)
    for units in uses:
        value = rules.value_of_units(balance, left_units=left, units=units)
        assert Money(0) <= value <= balance
        balance, left = balance - value, left - units
    assert balance == Money(0)


@pytest.mark.parametrize(
    ("used", "balance", "back"),
    [(0, 200_000, 200_000), (1, 160_000, 152_000), (2, 120_000, 104_000), (4, 40_000, 8_000), (5, 0, 0)],
)
def test_what_is_unused_comes_back_less_the_used_at_their_single_price(used: int, balance: int, back: int) -> None:
    found = rules.refund_of_unused(
        Money(200_000), list_price=Money(48_000), quantity_units=5 * UNIT, left_units=(5 - used) * UNIT,
        balance=Money(balance),
    )  # fmt: skip
    assert found == Money(back)


def test_more_than_is_left_in_a_plan_never_comes_back() -> None:
    dear = rules.refund_of_unused(
        Money(200_000), list_price=Money(1), quantity_units=500, left_units=100, balance=Money(40_000)
    )
    assert dear == Money(40_000)


def test_a_package_covers_the_session_and_pays_what_its_units_are_worth() -> None:
    cover = Cover("h1", "package", TITLE, "session", UNIT, 4 * UNIT, Money(40_000))
    found = rules.covered(PLAIN, cover)
    assert found.total == Money(0)
    assert sum(line.amount.amount_minor for line in found.lines) == 0
    assert found.parts == (Part(credits_of("h1"), Money(40_000)),)
    assert found.lines[-1].words == Words(
        "用「五次套餐」1 次，剩 4 次", "1 session of “Five sessions”, 4 sessions left"
    )


@pytest.mark.parametrize(("fee", "house"), [(30_000, 18_000), (90_000, 0)])
def test_an_included_session_is_worth_its_price_and_the_house_adds_the_rest(fee: int, house: int) -> None:
    cover = Cover("h1", "membership", TITLE, "session", UNIT, 0, Money(fee))
    paid = {part.account: part.amount.amount_minor for part in rules.covered(PLAIN, cover).parts}
    assert sum(paid.values()) == 48_000
    assert paid.get(MEMBERSHIPS, 0) == house


def test_a_members_price_is_paid_by_the_house() -> None:
    found = rules.with_member_price(PLAIN, title=Words("知询会员", "Zhixun member"), discount_bps=1_000)
    assert (found.total, found.parts) == (Money(43_200), (Part(DISCOUNTS, Money(4_800)),))
    assert found.lines[-1].words.zh == "知询会员会员价 −10%"
    assert rules.with_member_price(PLAIN, title=TITLE, discount_bps=0) == PLAIN


@pytest.mark.parametrize(
    ("units", "unit", "words"),
    [
        (100, "session", Words("1 次", "1 session")), (250, "session", Words("2.5 次", "2.5 sessions")),
        (9_000, "minute", Words("90 分钟", "90 minutes")),
    ],
)  # fmt: skip
def test_units_are_said_as_sessions_and_minutes(units: int, unit: str, words: Words) -> None:
    assert rules.units_words(units, unit) == words


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [("2026-01-31", 1, "2026-02-28"), ("2026-01-31", 2, "2026-03-31"), ("2027-12-15", 1, "2028-01-15"), ("2028-01-30", 1, "2028-02-29")],
)  # fmt: skip
def test_a_month_later_is_the_same_day_or_the_last(day: str, months: int, then: str) -> None:
    at = datetime.fromisoformat(day + "T09:30:00+00:00").astimezone(UTC)
    assert rules.months_after(at, months).isoformat() == then + "T09:30:00+00:00"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": Words()}, "title"), ({"title": Words("长" * 61)}, "title"), ({"unit": "week"}, "unit"),
        ({"quantity": 1}, "quantity"), ({"quantity": 101}, "quantity"), ({"price": Money(0)}, "price"),
        ({"valid_days": 6}, "valid_days"), ({"valid_days": 731}, "valid_days"),
    ],
)  # fmt: skip
def test_a_package_that_makes_no_sense_is_refused_by_name(changed: dict, field: str) -> None:
    usual = {"title": TITLE, "unit": "session", "quantity": 5, "price": Money(200_000), "valid_days": 180}
    with pytest.raises(Invalid) as refused:
        rules.check_package(PackageTerms(**(usual | changed)))
    assert list(refused.value.fields) == [field]
