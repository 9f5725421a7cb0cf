"""Taking money off several who shared it: cumulatively, to the cent, never more than anyone has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhixun.features.ledger.rules import shares, spread
from zhixun.kernel.values import Money


@given(
    parts=st.lists(st.integers(0, 10_000), min_size=1, max_size=5).filter(sum),
    cuts=st.lists(st.integers(1, 9_000), max_size=8),
)
def test_any_row_of_refunds_ends_at_the_parts_and_takes_no_part_below_zero(parts: list[int], cuts: list[int]) -> None:
    given_back = [0] * len(parts)
    for cut in [*cuts, sum(parts)]:
        amount = min(cut, sum(parts) - sum(given_back))
        taken = spread(parts, given_back, amount)
        assert sum(taken) == amount
        given_back = [before + part for before, part in zip(given_back, taken, strict=True)]
        assert all(one >= 0 for one in taken)
        assert all(back <= part for back, part in zip(given_back, parts, strict=True))
        exact = [part * sum(given_back) / sum(parts) for part in parts]
        assert all(abs(back - share) < len(parts) for back, share in zip(given_back, exact, strict=True))
    assert given_back == parts


@given(net=st.integers(0, 100_000), tax=st.integers(0, 20_000), cuts=st.lists(st.integers(1, 30_000), max_size=9))
def test_two_parts_are_never_off_their_share_by_more_than_half_a_unit(net: int, tax: int, cuts: list[int]) -> None:
    back = [0, 0]
    for cut in cuts:
        amount = min(cut, net + tax - sum(back))
        back = [before + part for before, part in zip(back, spread([net, tax], back, amount), strict=True)]
        if net + tax:
            assert abs(back[1] - tax * sum(back) / (net + tax)) <= 0.5


STACKED = {"net": 52, "tax": 10, "refunds": [32, 9, 8, 3, 6, 4], "tax_parts": [5, 2, 1, 0, 1, 1], "net_parts": [27, 7, 7, 3, 5, 3]}  # fmt: skip
"""M01 of the money cases: rounding each refund alone gives back 53 of 52."""


def test_stacked_partial_refunds_give_back_no_more_net_than_was_paid() -> None:
    back, told = [0, 0], []
    for amount in STACKED["refunds"]:
        taken = spread([STACKED["net"], STACKED["tax"]], back, amount)
        back = [before + part for before, part in zip(back, taken, strict=True)]
        told.append(taken)
    assert [net for net, _ in told] == STACKED["net_parts"]
    assert [tax for _, tax in told] == STACKED["tax_parts"]


def test_commission_and_share_add_up_to_the_charge() -> None:
    commission, share = shares(Money(9_999), 1_500)  # M03: 1499.85 rounds half up, the consultant has the rest
    assert (commission, share) == (Money(1_500), Money(8_499))


def test_more_than_is_left_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        spread([5, 5], [5, 5], 1)
