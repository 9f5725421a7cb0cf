"""The same local time, week after week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from zhixun.features.scheduling.rules import Recurrence, check_recurrence, clock_changes, dates_of, sessions_of
from zhixun.kernel.errors import Invalid

LONDON, SHANGHAI, NEW_YORK = "Europe/London", "Asia/Shanghai", "America/New_York"
MARCH = datetime(2027, 3, 9, 10, 0, tzinfo=UTC)
"""A Tuesday before Europe's clocks go forward, on 28 March 2027; New York's do on the 14th."""


def series(start: datetime = MARCH, *, weeks_apart: int = 1, sessions: int = 6, zone: str = LONDON, **more):
    return Recurrence(start, weeks_apart, sessions, zone, **more)


def test_a_series_keeps_the_time_on_its_own_clock_across_the_change():
    dates = dates_of(series())
    assert [at.hour for at in dates] == [10, 10, 10, 9, 9, 9]
    assert [at.day for at in dates] == [9, 16, 23, 30, 6, 13]
    assert clock_changes(dates, LONDON) == [False, False, False, True, False, False]


def test_on_a_clock_without_changes_the_instants_are_weeks_apart():
    dates = dates_of(series(zone=SHANGHAI, weeks_apart=2))
    assert {later - sooner for sooner, later in pairwise(dates)} == {timedelta(weeks=2)}
    assert clock_changes(dates, NEW_YORK) == [False, True, False, False, False, False]


def test_a_time_that_the_change_skips_is_the_first_after_it():
    sundays = dates_of(series(datetime(2027, 3, 7, 7, 30, tzinfo=UTC), zone=NEW_YORK, sessions=3))
    assert sundays == [
        datetime(2027, 3, 7, 7, 30, tzinfo=UTC),
        datetime(2027, 3, 14, 7, 0, tzinfo=UTC),  # 02:30 does not exist: 03:00 on the clock
        datetime(2027, 3, 21, 6, 30, tzinfo=UTC),
    ]


def test_what_is_left_out_or_elsewhen_keeps_the_numbers_of_the_others():
    later = MARCH + timedelta(weeks=1, hours=2)
    wanted = check_recurrence(series(sessions=4, instead={2: later}, left_out=frozenset({3})))
    assert list(sessions_of(wanted)) == [1, 2, 4]
    assert sessions_of(wanted)[2] == later


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"sessions": 1}, "sessions"),
        ({"sessions": 13}, "sessions"),
        ({"weeks_apart": 3}, "weeks_apart"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"instead": {7: MARCH}}, "instead"),
        ({"instead": {2: MARCH + timedelta(weeks=3)}}, "instead"),
        ({"sessions": 3, "left_out": frozenset({1, 2})}, "sessions"),
        ({"left_out": frozenset({0})}, "instead"),
    ],
)
def test_a_series_that_is_none_is_refused(more, field):
    with pytest.raises(Invalid) as refusal:
        check_recurrence(series(**more))
    assert list(refusal.value.fields) == [field]
