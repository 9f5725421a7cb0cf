"""What a session costs: each step in words, the consultant's clock, the band, and nobody in danger pays more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhixun.features.plans import rules
from zhixun.features.plans.rules import KINDS, Priced, PriceRule, PriceTable, merged, quote
from zhixun.kernel.errors import Invalid
from zhixun.kernel.values import Money, Words

FRIDAY_EVENING = datetime(2026, 11, 27, 11, 30, tzinfo=UTC)
"""19:30 in Shanghai."""
ASKED = FRIDAY_EVENING - timedelta(hours=30)
EVENING, WEEKEND = PriceRule("evening", "18:00-22:00", 11_000), PriceRule("weekend", "", 12_000)
URGENT = PriceRule("urgent", "24", 13_000)


def session(**changes: object) -> Priced:
    usual: dict[str, object] = {
        "price": Money(48_000), "title": Words("法律咨询", "Legal consultation"), "minutes": 60,
        "starts_at": FRIDAY_EVENING, "asked_at": ASKED, "zone": "Asia/Shanghai", "seniority": "senior",
    }  # fmt: skip
    return Priced(**(usual | changes))  # type: ignore[arg-type]


def kinds(found: rules.Quote) -> list[str]:
    return [line.kind for line in found.lines]


def test_without_rules_the_listed_price_is_the_price() -> None:
    found = quote(session(), PriceTable())
    assert (found.total, kinds(found)) == (Money(48_000), ["base"])
    assert found.lines[0].words == Words("法律咨询，60 分钟", "Legal consultation, 60 minutes")


def test_each_step_is_a_line_in_both_languages() -> None:
    found = quote(session(), PriceTable((PriceRule("seniority", "senior", 10_500), EVENING)))
    assert [(line.words.zh, line.words.en, line.amount.amount_minor) for line in found.lines[1:]] == [
        ("资深咨询师 +5%", "Senior consultant, +5%", 2_400),
        ("18:00–22:00 时段 +10%", "Between 18:00–22:00, +10%", 5_040),
    ]
    assert found.total == Money(55_440)


@pytest.mark.parametrize(
    ("zone", "hour", "evening"),
    [("Asia/Shanghai", 10, True), ("Asia/Shanghai", 9, False), ("Asia/Shanghai", 14, False), ("Europe/London", 18, True)],
)  # fmt: skip
def test_an_evening_is_on_the_consultants_clock_and_ends_on_time(zone: str, hour: int, evening: bool) -> None:
    found = quote(session(zone=zone, starts_at=FRIDAY_EVENING.replace(hour=hour, minute=0)), PriceTable((EVENING,)))
    assert ("evening" in kinds(found)) is evening


def test_a_night_crosses_midnight() -> None:
    night = PriceTable((PriceRule("evening", "22:00-06:00", 12_000),))
    at = FRIDAY_EVENING.replace(minute=0)
    said = [len(quote(session(starts_at=at.replace(hour=hour)), night).lines) - 1 for hour in (13, 14, 21, 22)]
    assert said == [0, 1, 1, 0], "21:00, 22:00, 05:00 and 06:00 in Shanghai"


def test_the_weekend_begins_on_the_consultants_saturday() -> None:
    late = FRIDAY_EVENING.replace(hour=16, minute=30)
    assert kinds(quote(session(starts_at=late), PriceTable((WEEKEND,)))) == ["base", "weekend"]
    assert kinds(quote(session(starts_at=late, zone="Europe/London"), PriceTable((WEEKEND,)))) == ["base"]


def test_urgent_is_what_begins_sooner_than_said() -> None:
    on_the_second = session(asked_at=FRIDAY_EVENING - timedelta(hours=24))
    assert kinds(quote(on_the_second, PriceTable((URGENT,)))) == ["base"]
    sooner = session(asked_at=FRIDAY_EVENING - timedelta(hours=24, seconds=-1))
    assert kinds(quote(sooner, PriceTable((URGENT,)))) == ["base", "urgent"]


def test_who_may_be_in_danger_never_pays_more_but_may_pay_less() -> None:
    table = PriceTable((PriceRule("seniority", "senior", 9_000), EVENING, URGENT))
    found = quote(session(in_danger=True, asked_at=FRIDAY_EVENING - timedelta(hours=1)), table)
    assert (found.total, kinds(found)) == (Money(43_200), ["base", "seniority", "kept"])
    assert found.lines[-1].amount == Money(0)


def test_the_price_stays_in_its_band_and_says_so() -> None:
    dear = PriceTable((EVENING, PriceRule("urgent", "72", 20_000)), cap_bps=15_000)
    assert quote(session(), dear).total == Money(72_000)
    assert quote(session(), dear).lines[-1].words.en == "Never above 150% of the listed price"
    cheap = PriceTable((PriceRule("evening", "00:00-23:59", 5_000), PriceRule("urgent", "72", 5_000)), floor_bps=8_000)
    assert quote(session(), cheap).total == Money(38_400)
    assert kinds(quote(session(), cheap))[-1] == "floor"


def test_own_rules_replace_the_houses_of_that_kind_and_a_band_only_narrows() -> None:
    house = [EVENING, PriceRule("weekend", "", 11_000), PriceRule("cap", "", 14_000), PriceRule("floor", "", 8_000)]
    own = [WEEKEND, PriceRule("cap", "", 20_000), PriceRule("floor", "", 9_000)]
    table = merged(house, own)
    assert table == PriceTable((EVENING, WEEKEND), floor_bps=9_000, cap_bps=14_000)
    assert merged([], []) == PriceTable()


@given(
    st.integers(0, 10_000_000),
    st.lists(st.tuples(st.sampled_from(["evening", "weekend", "urgent"]), st.integers(5_000, 20_000)), max_size=6),
    st.booleans(),
)
def test_the_lines_always_add_up_to_the_total(price: int, steps: list[tuple[str, int]], in_danger: bool) -> None:
    value = {"evening": "00:00-23:59", "weekend": "", "urgent": "72"}
    table = PriceTable(tuple(PriceRule(kind, value[kind], factor) for kind, factor in steps))
    found = quote(session(price=Money(price), in_danger=in_danger), table)
    assert sum(line.amount.amount_minor for line in found.lines) == found.total.amount_minor
    assert Money(price).share_bps(7_000) <= found.total <= Money(price).share_bps(15_000)
    assert not in_danger or found.total <= Money(price)
    assert rules.read_lines(rules.stored_lines(found.lines), "CNY") == found.lines


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (PriceRule("moon", "", 10_000), "kind"), (PriceRule("seniority", "guru", 10_000), "value"),
        (PriceRule("evening", "18-22", 10_000), "value"), (PriceRule("evening", "18:00-18:00", 10_000), "value"),
        (PriceRule("urgent", "0", 10_000), "value"), (PriceRule("urgent", "73", 10_000), "value"),
        (PriceRule("urgent", "¹", 10_000), "value"), (PriceRule("weekend", "x", 10_000), "value"),
        (PriceRule("weekend", "", 4_999), "factor"), (PriceRule("cap", "", 9_999), "factor"),
        (PriceRule("floor", "", 10_001), "factor"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused_by_name(rule: PriceRule, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_price_rule(rule)
    assert list(refused.value.fields) == [field]


def test_every_kind_has_its_words() -> None:
    values = {"seniority": "junior", "evening": "18:00-22:00", "urgent": "12"}
    for kind in KINDS:
        words = rules.rule_words(PriceRule(kind, values.get(kind, ""), 10_000))
        assert words.zh
        assert words.en


@pytest.mark.parametrize(
    ("text", "danger"), [("我不想活了", True), ("He THREATENED  to kill me", True), ("两个 offer 怎么选", False), ("开会总被打断", False), ("在家被打", True), ("", False)]
)  # fmt: skip
def test_words_of_danger_are_heard_in_any_case(text: str, danger: bool) -> None:
    assert rules.speaks_of_danger(text, ["不想活", "threatened to kill", "被打"]) is danger
