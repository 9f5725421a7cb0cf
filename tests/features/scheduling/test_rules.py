"""What every schedule must keep, whatever the zone, the clock change, the buffers and the limits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.scheduling.schedules import busy_times, situations, zones
from zhixun.features.scheduling import rules
from zhixun.features.scheduling.rules import Busy, Calendar, SlotTerms, WeeklyHours, offer, refusal
from zhixun.kernel.errors import Invalid

DAYS = 12
TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
OFFICE = Calendar("Asia/Shanghai", (WeeklyHours(("MO", "TU", "WE", "TH", "FR"), "09:00", "17:00"),))
HOUR = SlotTerms(60)


def all_slots(situation, *, busy=None):
    calendar, terms, usual, now = situation
    until = now + timedelta(days=DAYS)
    return offer(calendar, terms, usual if busy is None else busy, from_=now, until=until, now=now)


@settings(max_examples=120, deadline=None)
@given(situations(), zones)
def test_day_by_day_in_any_zone_gives_what_the_whole_period_gives(situation, viewer_zone):
    calendar, terms, busy, now = situation
    zone = ZoneInfo(viewer_zone)
    until = now + timedelta(days=DAYS)
    cuts, day = [now], now.astimezone(zone).date() + timedelta(days=1)
    while (midnight := datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)) < until:
        cuts.append(max(midnight, cuts[-1]))
        day += timedelta(days=1)
    cuts.append(until)
    by_day = [
        slot
        for start, end in itertools.pairwise(cuts)
        for slot in offer(calendar, terms, busy, from_=start, until=end, now=now)
    ]
    assert by_day == all_slots(situation)


@settings(max_examples=80, deadline=None)
@given(situations(), st.data())
def test_a_new_busy_time_never_adds_a_slot(situation, data):
    before = all_slots(situation)
    more = [*situation[2], data.draw(busy_times(situation[3]))]
    assert set(all_slots(situation, busy=more)) <= set(before)


@settings(max_examples=80, deadline=None)
@given(situations(), st.data())
def test_two_that_were_offered_and_booked_never_break_each_others_buffers(situation, data):
    _calendar, terms, busy, _now = situation
    booked: list[Busy] = []
    for _ in range(3):
        free = all_slots(situation, busy=[*busy, *booked])
        if not free:
            break
        slot = data.draw(st.sampled_from(free))
        mine = Busy(slot.start, slot.end, terms.buffer_before_minutes, terms.buffer_after_minutes, counts=True)
        for other in booked:
            first, second = sorted((mine, other), key=lambda one: one.start)
            gap = timedelta(minutes=first.buffer_after_minutes + second.buffer_before_minutes)
            assert second.start - first.end >= gap
        booked.append(mine)


@settings(max_examples=80, deadline=None)
@given(situations())
def test_what_is_offered_is_accepted_at_that_very_second_and_what_is_between_is_not(situation):
    calendar, terms, busy, now = situation
    starts = {slot.start for slot in all_slots(situation)}
    for start in sorted(starts)[:6]:
        assert refusal(calendar, terms, busy, at=start, now=now) == "offered"
        for beside in (start + timedelta(minutes=7), start - timedelta(minutes=1), start + timedelta(seconds=1)):
            if beside not in starts:
                assert refusal(calendar, terms, busy, at=beside, now=now) != "offered"


@settings(max_examples=80, deadline=None)
@given(situations())
def test_slots_ascend_fit_their_length_and_keep_the_notice(situation):
    _, terms, busy, now = situation
    slots = all_slots(situation)
    assert slots == sorted(set(slots))
    for slot in slots:
        assert slot.end - slot.start == timedelta(minutes=terms.minutes)
        assert slot.start >= now + timedelta(minutes=terms.notice_minutes)
        assert not any(one.start < slot.end and slot.start < one.end for one in busy)


def test_a_limit_of_nothing_offers_nothing():
    for limit in ("per_day_max", "per_week_max", "minutes_per_day_max"):
        terms = replace(HOUR, **{limit: 0})
        assert offer(OFFICE, terms, [], from_=TUESDAY, until=TUESDAY + timedelta(days=7), now=TUESDAY) == []


def test_notice_is_kept_to_the_second():
    first = datetime(2026, 11, 25, 1, tzinfo=UTC)
    terms = replace(HOUR, notice_minutes=60)
    on_time = first - timedelta(hours=1)
    window = {"from_": first, "until": first + timedelta(minutes=1)}
    assert offer(OFFICE, terms, [], now=on_time, **window)
    assert not offer(OFFICE, terms, [], now=on_time + timedelta(microseconds=1), **window)
    assert refusal(OFFICE, terms, [], at=first, now=on_time + timedelta(seconds=1)) == "notice"


def test_a_grid_does_not_hang_on_how_much_of_an_endless_opening_is_asked_for():
    # Open without a break for eight days, from Friday noon on, in steps that no hour and no day is a multiple of.
    overrides = {date(2026, 11, 27): (("12:00", "24:00"),)}
    overrides |= {date(2026, 11, 28) + timedelta(days=n): (("00:00", "24:00"),) for n in range(8)}
    calendar, terms = Calendar("Asia/Shanghai", overrides=overrides), SlotTerms(50, align="window")
    whole = offer(calendar, terms, [], from_=TUESDAY, until=TUESDAY + timedelta(days=20), now=TUESDAY)
    pieces = []
    for hour in range(20 * 24):
        start = TUESDAY + timedelta(hours=hour)
        pieces += offer(calendar, terms, [], from_=start, until=start + timedelta(hours=1), now=TUESDAY)
    assert pieces == whole


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("2026-11-25T01:00Z", "offered"),
        ("2026-11-23T01:00Z", "in_the_past"),
        ("2026-11-24T05:00Z", "notice"),
        ("2026-12-15T01:00Z", "beyond_horizon"),
        ("2026-11-26T01:00Z", "day_off"),
        ("2026-11-25T00:00Z", "outside_hours"),
        ("2026-11-25T08:30Z", "outside_hours"),
        ("2026-11-27T02:00Z", "taken"),
        ("2026-11-27T01:30Z", "taken"),
        ("2026-11-25T01:20Z", "not_on_grid"),
        ("2026-11-30T01:00Z", "limit"),
    ],
)
def test_a_refusal_names_its_reason(at, why):
    calendar = replace(OFFICE, days_off=frozenset({date(2026, 11, 26)}))
    terms = replace(HOUR, notice_minutes=12 * 60, horizon_days=14, per_day_max=1)
    taken = [
        Busy(datetime(2026, 11, 27, 2, tzinfo=UTC), datetime(2026, 11, 27, 3, tzinfo=UTC)),
        Busy(datetime(2026, 11, 30, 5, tzinfo=UTC), datetime(2026, 11, 30, 6, tzinfo=UTC), counts=True),
    ]
    instant = datetime.fromisoformat(at)
    assert refusal(calendar, terms, taken, at=instant, now=TUESDAY) == why


@pytest.mark.parametrize(
    "wrong", ["9:00", "09:60", "24:01", "25:00", "0900", "", "ab:cd", "-1:00", "09:00:00", "０９:00"]
)
def test_a_time_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(Invalid):
        rules.check_hours([WeeklyHours(("MO",), wrong, "17:00")])


def test_hours_name_real_days_and_no_more_openings_than_a_day_may_have():
    with pytest.raises(Invalid):
        rules.check_hours([WeeklyHours((), "09:00", "17:00")])
    with pytest.raises(Invalid):
        rules.check_hours([WeeklyHours(("XX",), "09:00", "17:00")])
    many = [(f"{hour:02}:00", f"{hour:02}:30") for hour in range(13)]
    with pytest.raises(Invalid):
        rules.check_openings(many)
    rules.check_openings(many[:12])
    assert rules.check_hours([WeeklyHours(("MO",), "22:00", "02:00")])


def test_a_zone_the_data_does_not_know_is_refused():
    assert rules.check_zone("Asia/Shanghai") == "Asia/Shanghai"
    for wrong in ("Mars/Olympus", "", "../etc/passwd", "asia/shanghai"):
        with pytest.raises(Invalid):
            rules.check_zone(wrong)


def test_a_time_without_a_zone_is_never_guessed_at():
    with pytest.raises(AssertionError):
        offer(OFFICE, HOUR, [], from_=TUESDAY.replace(tzinfo=None), until=TUESDAY, now=TUESDAY)
