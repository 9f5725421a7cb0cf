"""The one pure function that offers slots and guards the write, and its answer to "why not this time?"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from .grid import starts
from .openings import openings, wall
from .ranges import Range, clear_of, hits, instant, merged, seconds
from .terms import DAY_MINUTES, WEEKDAYS, Busy, Calendar, Slot, SlotTerms


def offer(
    calendar: Calendar,
    terms: SlotTerms,
    busy: Sequence[Busy],
    *,
    from_: datetime,
    until: datetime,
    now: datetime,
    must_end_by: datetime | None = None,
) -> list[Slot]:
    """Every slot that starts in [from_, until), ascending.

    The grid is fixed: it starts with each opening (touching openings are one) and no booking moves it, except under
    align="pack", where it starts with each free stretch.
    """
    soonest = max(seconds(from_), -(-int(now.timestamp() * 1_000_000) // 1_000_000) + terms.notice_minutes * 60)
    latest = seconds(until)
    if must_end_by is not None:
        latest = min(latest, seconds(must_end_by) - terms.minutes * 60 + 1)
    if latest <= soonest:
        return []
    blocked = merged(widened(one, terms) for one in busy)
    allowed = Limits(calendar, terms, busy, now)
    length = terms.minutes * 60
    return [
        Slot(instant(start), instant(start + length))
        for run in starts(calendar, terms, blocked, soonest, latest)
        for free in clear_of(blocked, run, length)
        for start in free
        if allowed(start)
    ]


def is_free(busy: Sequence[Busy], start: datetime, end: datetime, terms: SlotTerms) -> bool:
    """Whether a session from `start` to `end` leaves every busy time alone, the breaks of both around it."""
    low, high = Busy(start, end, terms.buffer_before_minutes, terms.buffer_after_minutes).padded()
    return all(other_high <= low or other_low >= high for other_low, other_high in (one.padded() for one in busy))


def refusal(calendar: Calendar, terms: SlotTerms, busy: Sequence[Busy], *, at: datetime, now: datetime) -> str:
    """Why `at` is not offered: in_the_past, notice, beyond_horizon, day_off, outside_hours, taken, busy_elsewhere, limit,
    not_on_grid; or "offered"."""
    moment = timedelta(seconds=1)
    if offer(calendar, terms, busy, from_=at, until=at + moment, now=now):
        return "offered"
    if at < now:
        return "in_the_past"
    if at < now + timedelta(minutes=terms.notice_minutes):
        return "notice"
    free = replace(terms, notice_minutes=0, per_day_max=None, per_week_max=None, minutes_per_day_max=None)
    if offer(calendar, free, busy, from_=at, until=at + moment, now=now):
        return "limit"
    if offer(calendar, replace(free, horizon_days=None), busy, from_=at, until=at + moment, now=now):
        return "beyond_horizon"
    start = seconds(at)
    if not any(
        low <= start and start + terms.minutes * 60 <= high for low, high in openings(calendar, start, start + 1)
    ):
        day = at.astimezone(ZoneInfo(calendar.zone)).date()
        closed = day in calendar.days_off or calendar.overrides.get(day) == ()
        return "day_off" if closed else "outside_hours"
    end = start + terms.minutes * 60
    if hits(merged(widened(one, terms) for one in busy if not one.calendar), start, end):
        return "taken"
    return "busy_elsewhere" if calendars_in_the_way(terms, busy, at=at) else "not_on_grid"


def calendars_in_the_way(terms: SlotTerms, busy: Sequence[Busy], *, at: datetime) -> list[str]:
    """The names of the consultant's other calendars that keep a session from starting at `at`."""
    start, end = seconds(at), seconds(at) + terms.minutes * 60
    return sorted({one.calendar for one in busy if one.calendar and hits(merged([widened(one, terms)]), start, end)})


def times_in_the_way(terms: SlotTerms, busy: Sequence[Busy], *, at: datetime) -> list[Busy]:
    """The times held or taken here that, with the breaks around both, keep a session from starting at `at`."""
    start, end = seconds(at), seconds(at) + terms.minutes * 60
    return [one for one in busy if not one.calendar and hits(merged([widened(one, terms)]), start, end)]


def horizon_end(zone: str, days: int, now: datetime) -> int:
    """The instant before which a start must lie: the end of the last local day that can be booked."""
    return wall(zone, now.astimezone(ZoneInfo(zone)).date() + timedelta(days=days), DAY_MINUTES)


class Limits:
    """The limits on a start: horizon, sessions and minutes per local day, sessions per local week."""

    def __init__(self, calendar: Calendar, terms: SlotTerms, busy: Sequence[Busy], now: datetime) -> None:
        self._terms, self._zone = terms, ZoneInfo(calendar.zone)
        self._horizon: int | None = None
        if terms.horizon_days is not None:
            zone = terms.horizon_zone or calendar.zone
            self._horizon = horizon_end(zone, terms.horizon_days, now)
        limits = (terms.per_day_max, terms.per_week_max, terms.minutes_per_day_max)
        self._limited = any(limit is not None for limit in limits)
        self._per_day: Counter[date] = Counter()
        self._per_week: Counter[date] = Counter()
        self._minutes: Counter[date] = Counter()
        for one in busy if self._limited else ():
            if one.counts:
                day = one.start.astimezone(self._zone).date()
                self._per_day[day] += 1
                self._per_week[self._week(day)] += 1
                self._minutes[day] += int((one.end - one.start).total_seconds() // 60)

    def __call__(self, start: int) -> bool:
        if self._horizon is not None and start >= self._horizon:
            return False
        if not self._limited:
            return True
        day = datetime.fromtimestamp(start, self._zone).date()
        terms = self._terms
        return (
            (terms.per_day_max is None or self._per_day[day] < terms.per_day_max)
            and (terms.per_week_max is None or self._per_week[self._week(day)] < terms.per_week_max)
            and (terms.minutes_per_day_max is None or self._minutes[day] + terms.minutes <= terms.minutes_per_day_max)
        )

    def _week(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - WEEKDAYS.index(self._terms.week_start)) % 7)


def widened(one: Busy, terms: SlotTerms) -> Range:
    low, high = one.padded()
    return low - terms.buffer_after_minutes * 60, high + terms.buffer_before_minutes * 60


def stretches(slots: Sequence[Slot], interval_minutes: int) -> list[Slot]:
    """Ascending slots as stretches of time, each from its first start to its last end: within one, the next start is
    never further than the interval of starts."""
    found: list[Slot] = []
    last: datetime | None = None
    for slot in slots:
        if last is not None and slot.start - last <= timedelta(minutes=interval_minutes):
            found[-1] = Slot(found[-1].start, slot.end)
        else:
            found.append(slot)
        last = slot.start
    return found
