"""The table of states, the exits by time, and the ladder of refunds, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhixun.features.booking import rules
from zhixun.features.booking.rules import CLIENT_CANCELS, NEXT, RefundStep, State, exit_by_time, may_become
from zhixun.kernel.errors import Invalid
from zhixun.kernel.values import Money

START = datetime(2026, 11, 25, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FINAL = {State.COMPLETED, State.CANCELLED, State.NO_SHOW, State.EXPIRED}
"""EXPIRED waits for nothing: it can only be woken by money that comes late."""


def way_out(state: State, *, both_came: bool = False) -> rules.TimedExit | None:
    return exit_by_time(
        state, hold_expires_at=START - timedelta(hours=9), starts_at=START, ends_at=START + timedelta(hours=1),
        both_came=both_came, answer_by=START - timedelta(hours=2),
    )  # fmt: skip


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("both_came", [False, True])
def test_every_state_has_an_exit_by_time_or_is_final(state, both_came):
    way = way_out(state, both_came=both_came)
    assert (way is None) == (state in FINAL)
    if way is not None:
        assert may_become(state, way.to)
        assert way.at <= START + timedelta(hours=1)


def test_the_clock_alone_leads_every_booking_to_its_end():
    for both_came in (False, True):
        for state in State:
            seen = [state]
            while way := way_out(seen[-1], both_came=both_came):
                assert way.to not in seen
                seen.append(way.to)
            assert seen[-1] in FINAL


def test_the_table_knows_every_state_and_leaves_none_unreachable():
    assert set(NEXT) == set(State)
    reached = {State.HELD}
    for _ in State:
        reached |= {after for state in reached for after in NEXT[state]}
    assert reached == set(State)
    assert {state for state in State if not NEXT[state]} == FINAL - {State.EXPIRED}


@pytest.mark.parametrize(
    ("before", "share"),
    [
        (timedelta(days=30), 10_000),
        (timedelta(hours=24) + SECOND, 10_000),
        (timedelta(hours=24), 10_000),
        (timedelta(hours=24) - SECOND, 5_000),
        (timedelta(hours=2), 5_000),
        (timedelta(hours=2) - SECOND, 0),
        (SECOND, 0),
        (timedelta(0), 0),
        (-SECOND, 0),
    ],
)
def test_what_comes_back_is_decided_to_the_second_and_the_edge_is_the_clients(before, share):
    assert rules.refund_bps_at(START - before, starts_at=START, policy=CLIENT_CANCELS) == share


def test_hours_are_real_hours_also_when_the_clocks_change():
    # 10:00 the day after the clocks went back, seen from 10:30 the day before: 23.5 hours on the wall, 24.5 in truth.
    zone = ZoneInfo("America/New_York")
    start = datetime(2024, 11, 3, 10, tzinfo=zone).astimezone(UTC)
    assert (
        rules.refund_bps_at(
            datetime(2024, 11, 2, 10, 30, tzinfo=zone).astimezone(UTC), starts_at=start, policy=CLIENT_CANCELS
        )
        == 10_000
    )
    # And forward: 24.5 hours on the wall are 23.5 in truth.
    start = datetime(2024, 3, 10, 10, 30, tzinfo=zone).astimezone(UTC)
    assert (
        rules.refund_bps_at(
            datetime(2024, 3, 9, 10, tzinfo=zone).astimezone(UTC), starts_at=start, policy=CLIENT_CANCELS
        )
        == 5_000
    )


@given(st.integers(0, 10_000_000), st.integers(0, 200 * 3600))
def test_the_ladder_that_is_shown_is_the_ladder_that_decides(minor, seconds_before):
    price, now = Money(minor), START - timedelta(seconds=seconds_before)
    steps = rules.ladder(starts_at=START, price=price)
    shown = next(step for step in steps if step.until is None or now <= step.until)
    share = rules.refund_bps_at(now, starts_at=START, policy=CLIENT_CANCELS)
    assert (shown.refund_bps, shown.refund) == (share, price.share_bps(share))
    assert 0 <= shown.refund.amount_minor <= minor


def test_a_policy_survives_being_stored():
    policy = (RefundStep(48, 10_000), RefundStep(0, 2_500))
    assert rules.read_policy(rules.stored_policy(policy)) == policy


def test_a_look_into_the_room_days_before_is_no_attendance():
    opens = START - rules.ROOM_OPENS_BEFORE
    assert not rules.has_come(None, starts_at=START)
    assert not rules.has_come(opens - SECOND, starts_at=START)
    assert rules.has_come(opens, starts_at=START)


def test_a_brief_is_kept_as_written_within_its_limit():
    assert rules.clean_brief("  Line one\r\nline\x00 two \ud800\n") == "Line one\nline two"
    assert len(rules.clean_brief("字" * 4_000)) == 4_000
    with pytest.raises(Invalid):
        rules.clean_brief("字" * 4_001)
