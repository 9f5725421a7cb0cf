"""When a consultant is open: wall-clock rules, read in their zone, become instants. Local time ends here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .ranges import Range, instant, merged, shared, without
from .terms import DAY_MINUTES, WEEKDAYS, Calendar, WeeklyHours

LEAD_DAYS, TRAIL_DAYS = 2, 2
"""How many days around the asked range openings are read, so that one which began earlier is seen whole."""
LONG_LEAD_DAYS, LONG_TRAIL_DAYS = 15, 9
"""The same where an opening lasts for days: far enough to see whether it is longer than a week, from wherever asked."""
LONG_SECONDS = 86_400


def openings(calendar: Calendar, low: int, high: int) -> list[Range]:
    """Merged openings that touch [low, high), whole as far as a grid needs it.

    Whoever asks for less of the time must see the same grid, so the answer does not hang on where the asked range ends.
    """
    found = _touching(calendar, low, high, LEAD_DAYS, TRAIL_DAYS)
    if any(end - start >= LONG_SECONDS for start, end in found):
        return _touching(calendar, low, high, LONG_LEAD_DAYS, LONG_TRAIL_DAYS)
    return found


def _touching(calendar: Calendar, low: int, high: int, lead_days: int, trail_days: int) -> list[Range]:
    first = instant(low).date() - timedelta(days=lead_days)
    last = instant(high).date() + timedelta(days=trail_days)
    return [one for one in _between(calendar, first, last) if one[1] > low and one[0] < high]


def _between(calendar: Calendar, first: date, last: date) -> list[Range]:
    if not (calendar.overrides or calendar.days_off or calendar.zone_periods or calendar.also):
        return list(_every_week(calendar.zone, calendar.hours, first, last))
    found = merged(_daily(calendar, first, last))
    off = [(wall(calendar.zone_on(day), day, 0), wall(calendar.zone_on(day), day, 1440)) for day in calendar.days_off]
    if off:
        found = without(found, merged(off))
    for other in calendar.also:
        found = shared(found, _between(other, first, last))
    return found


@lru_cache(maxsize=16_384)
def _every_week(zone: str, hours: tuple[WeeklyHours, ...], first: date, last: date) -> tuple[Range, ...]:
    """Weekly hours alone, which most calendars are: the same for everyone who has them, and asked for all day long."""
    return tuple(merged(_daily(Calendar(zone, hours), first, last)))


def _daily(calendar: Calendar, first: date, last: date) -> Iterator[Range]:
    day = first
    while day <= last:
        zone = calendar.zone_on(day)
        if (special := calendar.overrides.get(day)) is not None:
            openings: Iterable[tuple[str, str]] = special
        else:
            name = WEEKDAYS[day.weekday()]
            openings = ((one.start, one.end) for one in calendar.hours if name in one.days)
        for start, end in openings:
            yield from _one_opening(calendar, zone, day, _minutes_of(start), _minutes_of(end))
        day += timedelta(days=1)


def _one_opening(calendar: Calendar, zone: str, day: date, start: int, end: int) -> Iterator[Range]:
    if start == end:
        return
    overnight = end < start
    low, high = wall(zone, day, start), wall(zone, day, end + 1440 if overnight else end)
    tomorrow = day + timedelta(days=1)
    if overnight and tomorrow in calendar.overrides:
        high = min(high, wall(calendar.zone_on(tomorrow), tomorrow, 0))
    if low < high:
        yield low, high


def _minutes_of(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:5])


@lru_cache(maxsize=65_536)
def wall(zone: str, day: date, minutes: int) -> int:
    """The instant of a wall-clock time, `minutes` after the date's 00:00 on the clock (1440 = the next date's 00:00).

    One that a clock change skips means the first instant after the gap; one that comes twice, its first coming.
    """
    naive = datetime.combine(day + timedelta(days=minutes // 1440), time()) + timedelta(minutes=minutes % 1440)
    info = ZoneInfo(zone)
    guess = naive.replace(tzinfo=info)
    instant = int(guess.timestamp())
    if datetime.fromtimestamp(instant, info).replace(tzinfo=None) == naive:
        return instant
    low, high = int(guess.replace(fold=1).timestamp()), instant
    before = datetime.fromtimestamp(low, info).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, info).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def clock_change(zone: str, day: date) -> int:
    """By how many minutes the clocks of `zone` go forward on this day; below zero back, 0 on most days."""
    return DAY_MINUTES - (wall(zone, day + timedelta(days=1), 0) - wall(zone, day, 0)) // 60
