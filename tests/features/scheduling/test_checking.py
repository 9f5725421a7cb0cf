"""Every rule about one time: none fails exactly where it is offered, and the rule that refuses it is among those that do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.features.scheduling.schedules import situations
from zhixun.features.scheduling.rules import Busy, Calendar, SlotTerms, WeeklyHours, checks, offer, refusal

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFFICE = Calendar("UTC", (WeeklyHours(("MO", "TU", "WE", "TH", "FR"), "09:00", "17:00"),))
TERMS = SlotTerms(60, interval_minutes=60, notice_minutes=120, horizon_days=30)
WEDNESDAY = datetime(2026, 11, 25, tzinfo=UTC)


def failing(at, terms=TERMS, busy=(), calendar=OFFICE):
    found = checks(calendar, terms, busy, at=at, now=NOW)
    return {one.rule: one for one in found if one.holds is False}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(situations(), st.integers(-3_000, 12_000), st.booleans(), st.data())
def test_none_fails_where_it_is_offered_and_who_refuses_it_fails(situation, minutes, offered, data):
    calendar, terms, busy, now = situation
    at = now.replace(microsecond=0) + timedelta(minutes=minutes)
    if offered and (slots := offer(calendar, terms, busy, from_=now, until=now + timedelta(days=3), now=now)):
        at = data.draw(st.sampled_from(slots)).start
    said = refusal(calendar, terms, busy, at=at, now=now)
    wrong = [one.rule for one in checks(calendar, terms, busy, at=at, now=now) if one.holds is False]
    assert (wrong == []) == (said == "offered")
    assert said == "offered" or said in wrong


def test_several_rules_may_be_in_the_way_and_each_says_what():
    sitting = Busy(WEDNESDAY + 8 * HOUR, WEDNESDAY + 9 * HOUR, buffer_after_minutes=45, counts=True)
    elsewhere = Busy(WEDNESDAY + 9 * HOUR, WEDNESDAY + 12 * HOUR, calendar="Work")
    terms = SlotTerms(60, interval_minutes=60, per_day_max=1, horizon_days=30)
    at = WEDNESDAY + 9 * HOUR + timedelta(minutes=30)
    found = failing(at, terms, [sitting, elsewhere])
    assert found.keys() == {"not_on_grid", "taken", "busy_elsewhere", "limit"}
    assert found["not_on_grid"].nearest == (WEDNESDAY + 9 * HOUR, WEDNESDAY + 10 * HOUR)
    assert found["taken"].times == (sitting,)
    assert found["busy_elsewhere"].calendars == ("Work",)
    assert found["limit"].limits == ("per_day_max",)


def test_notice_and_horizon_say_from_and_until_when():
    assert failing(NOW + HOUR)["notice"].bound == NOW + 2 * HOUR
    far = failing(WEDNESDAY + timedelta(days=60, hours=10))
    assert far["beyond_horizon"].bound == datetime(2026, 12, 25, tzinfo=UTC)


def test_hours_say_when_the_day_is_open_and_a_closed_day_is_named():
    late = failing(WEDNESDAY + 16 * HOUR + timedelta(minutes=30))
    assert late.keys() == {"outside_hours"}
    assert late["outside_hours"].openings == ((WEDNESDAY + 9 * HOUR, WEDNESDAY + 17 * HOUR),)
    closed = Calendar("UTC", OFFICE.hours, overrides={WEDNESDAY.date(): ()})
    found = failing(WEDNESDAY + 10 * HOUR, calendar=closed)
    assert (found.keys(), found["day_off"].openings) == ({"day_off"}, ())
