"""The published formulas, held against published worked examples."""

from __future__ import annotations

from random import Random

import pytest

from zhixun.features.quality.rules import (
    Candidate,
    Group,
    Names,
    alpha_ordinal,
    biases,
    choose_cases,
    disguise,
    estimate,
    population_of,
    seats_needed,
)
from zhixun.features.quality.rules.estimates import UNKNOWN

KRIPPENDORFF = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
)
"""Four observers and twelve units, 0 where nobody looked: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011),
example D; the paper gives 0.815 for ordinal data."""
HAYES = (
    (0, 0, 0, 0, 0, 3, 4, 1, 2, 1, 1, 3, 3, 0, 3),
    (1, 0, 2, 1, 3, 3, 4, 3, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 2, 1, 3, 4, 4, 0, 2, 1, 1, 3, 3, 0, 4),
)
"""Three observers and fifteen units, from the article on Krippendorff's alpha in Wikipedia (nominal 0.691, interval 0.811);
the ordinal figure, 0.807, is that of the reference implementation `krippendorff` for the same data."""


def units(observers: tuple[tuple[int, ...], ...]) -> list[list[int]]:
    return [[mark for mark in unit if mark] for unit in zip(*observers, strict=True)]


@pytest.mark.parametrize(("observers", "alpha"), [(KRIPPENDORFF, 0.815), (HAYES, 0.807)])
def test_agreement_is_that_of_the_published_examples(observers: tuple[tuple[int, ...], ...], alpha: float) -> None:
    found = alpha_ordinal(units(observers))
    assert found is not None
    assert round(found, 3) == alpha


def test_agreement_is_one_where_all_say_the_same_and_unknown_where_nothing_differs() -> None:
    assert alpha_ordinal([[1, 1], [5, 5], [3, 3]]) == 1
    assert alpha_ordinal([[4, 4], [4, 4]]) is None
    assert alpha_ordinal([[4], [2], []]) is None
    assert alpha_ordinal([]) is None
    opposed = alpha_ordinal([[1, 5], [5, 1], [1, 5]])
    assert opposed is not None
    assert opposed < 0


def test_chance_agrees_by_nothing() -> None:
    random = Random(7)
    found = alpha_ordinal([[random.randint(1, 5), random.randint(1, 5)] for _ in range(4_000)])
    assert found is not None
    assert abs(found) < 0.04


def group(*numbers: float) -> Group:
    return Group(len(numbers), sum(numbers), sum(one * one for one in numbers))


def test_the_house_is_known_by_analysis_of_variance() -> None:
    """Three groups of four: MS within 1.0, MS between 16.0, so τ² = (16 − 1) / 4 = 3.75 and k = 1 / 3.75, at least 1."""
    house = population_of([group(1, 1, 2, 3 + 1e-12), group(2, 3, 4, 4), group(4, 5, 6, 6)])
    assert house.mean == pytest.approx(41 / 12)
    within = (2.75 + 2.75 + 2.75) / 9
    assert house.within == pytest.approx(within, abs=1e-6)
    assert house.weight == 1
    assert population_of([group(5), group(4, 4)]) == UNKNOWN
    assert population_of([]) == UNKNOWN


def test_few_numbers_lean_on_the_house_and_many_stand_alone() -> None:
    random = Random(11)
    levels = [random.gauss(4.2, 0.3) for _ in range(60)]
    house = population_of([group(*(random.gauss(level, 0.6) for _ in range(25))) for level in levels])
    assert house.mean == pytest.approx(4.2, abs=0.1)
    assert house.within == pytest.approx(0.36, abs=0.05)
    assert house.weight == pytest.approx(4.0, abs=1.6), "0.6² / 0.3²"
    one, many = estimate(group(5.0), house), estimate(group(*[5.0] * 400), house)
    assert one.mean == many.mean == 5.0
    assert one.value < 4.5 < 4.98 < many.value
    assert one.high - one.low > 5 * (many.high - many.low)
    nobody = estimate(Group(0, 0, 0), house)
    assert (nobody.count, nobody.value) == (0, house.mean)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = Random(3)
    levels = [random.gauss(3.5, 0.35) for _ in range(400)]
    groups = [group(*(random.gauss(level, 0.6) for _ in range(6))) for level in levels]
    house = population_of(groups)
    hits = sum(
        found.low <= level <= found.high
        for level, found in zip(levels, (estimate(one, house) for one in groups), strict=True)
    )
    assert 0.92 <= hits / len(levels) <= 0.98


def test_a_bias_is_against_the_others_on_the_same_sessions() -> None:
    found = biases({"s1": {"ada": 4.0, "bob": 3.0}, "s2": {"ada": 5.0, "bob": 4.0, "eve": 4.0}, "s3": {"ada": 2.0}})
    assert found["ada"].mean == pytest.approx(1.0)
    assert found["ada"].count == 2
    assert found["bob"].mean == pytest.approx((-1.0 - 0.5) / 2)
    assert not found["ada"].is_clear, "two sessions are too few to say so"
    steady = biases({f"s{n}": {"ada": 4.0 + n / 100, "bob": 3.0} for n in range(5)})
    assert steady["ada"].is_clear
    assert steady["bob"].mean < 0


def test_a_third_is_asked_when_two_are_more_than_a_point_apart() -> None:
    assert seats_needed([]) == seats_needed([3.0]) == seats_needed([3.0, 4.0]) == 2
    assert seats_needed([3.0, 4.01]) == 3


def test_sessions_are_drawn_by_lot_one_per_consultant_the_least_read_first() -> None:
    found = [Candidate(f"b{n}", f"c{n % 3}", reviews=n % 3) for n in range(30)]
    chosen = choose_cases(found, count=2)
    owner = {one.booking_id: one.consultant_id for one in found}
    assert [owner[one] for one in chosen] == ["c0", "c1"]
    assert choose_cases(found[::-1], count=2) == chosen, "the order in which they come makes no difference"
    assert choose_cases([], count=5) == []


ADA = Names(client=("王小明", "Ada Lovelace"), consultant=("陈书宁", "Chen Shuning"))


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("陈书宁律师您好，我是王小明。", "［B］律师您好，我是［A］。"),
        ("书宁你好，陈律师在吗？小明问的。", "［B］你好，［B］在吗？［A］问的。"),
        ("Dear Shuning, this is Ada. ADA LOVELACE", "Dear ［B］, this is ［A］. ［A］"),
        ("我的手机 13812345678，邮箱 ada@example.com", "我的手机 ［…］，邮箱 ［…］"),
        ("身份证 11010519491231002X", "身份证 ［…］"),
        ("加微信：ada_1988 看 https://example.com/a", "加［…］ 看 ［…］"),
        ("补偿 48000 元，11.25 之前，N+1", "补偿 48000 元，11.25 之前，N+1"),
        ("Canada and shading stay", "Canada and shading stay"),
    ],
)
def test_names_and_numbers_are_taken_out_and_facts_stay(said: str, read: str) -> None:
    assert disguise(said, ADA) == read
