"""Random calendars, terms and busy times for the tests of the slot engine: odd zones, odd hours, clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from zhixun.features.scheduling.rules import WEEKDAYS, Busy, Calendar, SlotTerms, WeeklyHours, ZonePeriod

ZONES = (
    "Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "America/Santiago", "Africa/Cairo", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Chatham", "America/St_Johns", "Asia/Beirut",
)  # fmt: skip
CHANGES = (
    date(2024, 3, 8), date(2024, 3, 29), date(2024, 4, 5), date(2024, 4, 24), date(2024, 9, 6), date(2024, 10, 4),
    date(2024, 10, 25), date(2024, 11, 1), date(2011, 12, 28), date(2024, 2, 27),
)  # fmt: skip
"""Days shortly before a clock change, a date that never was, and a leap day."""


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


times = st.one_of(st.integers(0, 288).map(lambda n: clock(n * 5)), st.integers(0, 1440).map(clock))
openings = st.lists(st.tuples(times, times), max_size=3).map(tuple)
days = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True).map(tuple)
hours = st.one_of(
    st.lists(st.builds(WeeklyHours, days, times, times), max_size=4).map(tuple),
    st.just((WeeklyHours(WEEKDAYS, "00:00", "24:00"),)),
)
zones = st.sampled_from(ZONES)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Calendar, SlotTerms, list[Busy], datetime]:
    """(calendar, terms, busy, now) around a clock change."""
    day = draw(st.sampled_from(CHANGES))
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 86_400)))
    near = st.integers(0, 14).map(lambda n: day + timedelta(days=n))
    calendar = Calendar(
        zone=draw(zones),
        hours=draw(hours),
        overrides=draw(st.dictionaries(near, openings, max_size=3)),
        days_off=frozenset(draw(st.lists(near, max_size=2))),
        zone_periods=draw(st.lists(st.builds(_period, near, st.integers(0, 3), zones), max_size=1).map(tuple)),
    )
    minutes = draw(st.sampled_from((10, 15, 25, 30, 45, 50, 60, 90, 240)))
    terms = SlotTerms(
        minutes=minutes,
        buffer_before_minutes=draw(st.sampled_from((0, 0, 5, 15, 60))),
        buffer_after_minutes=draw(st.sampled_from((0, 0, 10, 45))),
        interval_minutes=draw(st.sampled_from((None, 5, 15, 20, 30, 45, 60))),
        notice_minutes=draw(st.sampled_from((0, 60, 1_440))),
        horizon_days=draw(st.sampled_from((None, 3, 30))),
        align=draw(st.sampled_from(("clock", "window"))),
        per_day_max=draw(st.sampled_from((None, None, 0, 1, 3))),
        per_week_max=draw(st.sampled_from((None, None, 2))),
        minutes_per_day_max=draw(st.sampled_from((None, None, 120))),
        week_start=draw(st.sampled_from(WEEKDAYS)),
    )
    return calendar, terms, draw(st.lists(busy_times(now), max_size=5)), now


@st.composite
def busy_times(draw: st.DrawFn, now: datetime) -> Busy:
    start = now.replace(second=0) + timedelta(minutes=draw(st.integers(-1_440, 14 * 1_440)))
    end = start + timedelta(minutes=draw(st.integers(5, 600)))
    return Busy(start, end, draw(st.sampled_from((0, 10))), draw(st.sampled_from((0, 30))), counts=draw(st.booleans()))


def _period(first: date, length: int, zone: str) -> ZonePeriod:
    return ZonePeriod(first, first + timedelta(days=length), zone)
