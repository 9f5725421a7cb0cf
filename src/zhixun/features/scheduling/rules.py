"""The slot engine: which times a consultant offers. One pure function offers slots and guards the write.

Inside, instants are whole seconds since 1970 (UTC) and ranges are half-open pairs of them; at the doors they are aware
datetimes. Wall-clock time exists only where a rule ("Mondays 09:00 to 12:00") is read in its zone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from zhixun.kernel.errors import N_, Invalid

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
GRID_MINUTES = (60, 30, 20, 15, 10, 5)
ENDLESS_DAYS = 7
"""An opening longer than this has no natural first start; its grid begins anew every Monday, 00:00 local."""
LEAD_DAYS, LEAD_DAYS_ENDLESS = 2, 15
OPENINGS_PER_DAY_MAX = 12

Range = tuple[int, int]


@dataclass(frozen=True, order=True)
class Slot:
    """A bookable time, aware UTC, half-open."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class SlotTerms:
    """What a service asks of a slot. All lengths in minutes.

    `align`: "clock" starts at round minutes past the hour; "window" starts with the opening; "pack" rounds only as far
    as no session is lost. `align_zone`: whose clock, None = the consultant's.
    """

    minutes: int
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    interval_minutes: int | None = None
    notice_minutes: int = 0
    horizon_days: int | None = 60
    align: Literal["clock", "window", "pack"] = "clock"
    align_zone: str | None = None
    horizon_zone: str | None = None
    start_offset_minutes: int = 0
    per_day_max: int | None = None
    per_week_max: int | None = None
    minutes_per_day_max: int | None = None
    week_start: str = "MO"

    @property
    def step_minutes(self) -> int:
        return self.interval_minutes or self.minutes


@dataclass(frozen=True)
class WeeklyHours:
    """Open on these weekdays from `start` to `end` ("HH:MM", "24:00" ends the day; end before start ends tomorrow)."""

    days: tuple[str, ...]
    start: str
    end: str


@dataclass(frozen=True)
class ZonePeriod:
    """On the local dates `first`…`last` the consultant travels: wall times are read in `zone`."""

    first: date
    last: date
    zone: str


@dataclass(frozen=True)
class Calendar:
    """Everything a consultant says about when they work."""

    zone: str
    hours: tuple[WeeklyHours, ...] = ()
    overrides: dict[date, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    days_off: frozenset[date] = frozenset()
    zone_periods: tuple[ZonePeriod, ...] = ()
    also: tuple[Calendar, ...] = ()
    """Other calendars that must be open too."""

    def zone_on(self, day: date) -> str:
        return next((p.zone for p in self.zone_periods if p.first <= day <= p.last), self.zone)


@dataclass(frozen=True)
class Busy:
    """A time that is not free. `counts`: whether it is a session of ours, for the limits per day and week."""

    start: datetime
    end: datetime
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    counts: bool = False

    def padded(self) -> Range:
        return (
            _seconds(self.start) - self.buffer_before_minutes * 60,
            _seconds(self.end) + self.buffer_after_minutes * 60,
        )


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
    soonest = max(_seconds(from_), -(-int(now.timestamp() * 1_000_000) // 1_000_000) + terms.notice_minutes * 60)
    latest = _seconds(until)
    if must_end_by is not None:
        latest = min(latest, _seconds(must_end_by) - terms.minutes * 60 + 1)
    if latest <= soonest:
        return []
    blocked = _merged(_widened(one, terms) for one in busy)
    allowed = _Limits(calendar, terms, busy, now)
    length = terms.minutes * 60
    found: list[Slot] = []
    for start in _starts(calendar, terms, blocked, soonest, latest + length):
        if soonest <= start < latest and not _hits(blocked, start, start + length) and allowed(start):
            found.append(Slot(_instant(start), _instant(start + length)))
    return found


def refusal(calendar: Calendar, terms: SlotTerms, busy: Sequence[Busy], *, at: datetime, now: datetime) -> str:
    """Why `at` is not offered: in_the_past, notice, beyond_horizon, day_off, outside_hours, taken, limit, not_on_grid;
    or "offered"."""
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
    start = _seconds(at)
    if not any(
        low <= start and start + terms.minutes * 60 <= high for low, high in _openings(calendar, start, start + 1)
    ):
        day = at.astimezone(ZoneInfo(calendar.zone)).date()
        closed = day in calendar.days_off or calendar.overrides.get(day) == ()
        return "day_off" if closed else "outside_hours"
    if _hits(_merged(_widened(one, terms) for one in busy), start, start + terms.minutes * 60):
        return "taken"
    return "not_on_grid"


def check_zone(zone: str) -> str:
    """Raises Invalid for a name the time-zone data does not know."""
    if zone not in _zones():
        raise Invalid(fields={"zone": N_("There is no such time zone.")})
    return zone


def check_hours(hours: Sequence[WeeklyHours]) -> tuple[WeeklyHours, ...]:
    """The hours, every day and time of them checked. Raises Invalid."""
    for one in hours:
        if not one.days or any(day not in WEEKDAYS for day in one.days):
            raise Invalid(fields={"days": N_("Weekdays are MO, TU, WE, TH, FR, SA and SU.")})
        check_opening(one.start, one.end)
    if any(sum(day in one.days for one in hours) > OPENINGS_PER_DAY_MAX for day in WEEKDAYS):
        raise Invalid(fields={"hours": N_("A day has at most 12 openings.")})
    return tuple(hours)


def check_opening(start: str, end: str) -> None:
    for text in (start, end):
        hour, colon, minute = text.partition(":")
        fine = colon and hour.isdecimal() and minute.isdecimal() and len(hour) == len(minute) == 2
        if not fine or int(hour) * 60 + int(minute) > 24 * 60 or int(minute) > 59:
            raise Invalid(fields={"hours": N_("A time looks like 09:30; 24:00 ends the day.")})


class _Limits:
    """The limits on a start: horizon, sessions and minutes per local day, sessions per local week."""

    def __init__(self, calendar: Calendar, terms: SlotTerms, busy: Sequence[Busy], now: datetime) -> None:
        self._terms, self._zone = terms, ZoneInfo(calendar.zone)
        self._horizon_zone = ZoneInfo(terms.horizon_zone or calendar.zone)
        self._last_day = None
        if terms.horizon_days is not None:
            self._last_day = now.astimezone(self._horizon_zone).date() + timedelta(days=terms.horizon_days)
        self._limited = bool(terms.per_day_max or terms.per_week_max or terms.minutes_per_day_max)
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
        if self._last_day is not None and datetime.fromtimestamp(start, self._horizon_zone).date() > self._last_day:
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


def _starts(calendar: Calendar, terms: SlotTerms, blocked: list[Range], low: int, high: int) -> Iterator[int]:
    """The points of the grid in every opening that touches [low, high), session fitting inside."""
    zone = ZoneInfo(terms.align_zone or calendar.zone)
    step, length = terms.step_minutes * 60, terms.minutes * 60
    for opening in _openings(calendar, low, high):
        if terms.align == "pack":
            pieces = [(start, end, end) for start, end in _without([opening], blocked)]
        else:
            pieces = [(start, end, opening[1]) for start, end in _weekly_pieces(opening, calendar.zone)]
        for anchor, grid_end, end in pieces:
            first = _first_start(anchor, end, terms, zone) + terms.start_offset_minutes * 60
            if first < low:
                first += -(-(low - first) // step) * step
            while first + length <= end and first < min(high, grid_end):
                yield first
                first += step


def _first_start(start: int, end: int, terms: SlotTerms, zone: ZoneInfo) -> int:
    grid = next((size for size in GRID_MINUTES if terms.step_minutes % size == 0), 1)
    if terms.align == "window":
        return start
    if terms.align == "clock":
        return _rounded_up(start, grid, zone)
    length, step = terms.minutes * 60, terms.step_minutes * 60
    if end - start < length:
        return start
    spare = (end - start - length) % step
    for size in (grid, 15, 5):
        rounded = _rounded_up(start, size, zone)
        if rounded - start <= spare:
            return rounded
    return start


def _rounded_up(start: int, minutes: int, zone: ZoneInfo) -> int:
    """The next multiple of `minutes` past the hour on the clock of `zone`."""
    offset = datetime.fromtimestamp(start, zone).utcoffset()
    assert offset is not None
    past = (start + int(offset.total_seconds())) % (minutes * 60)
    return start + (-past) % (minutes * 60)


def _weekly_pieces(opening: Range, zone: str) -> list[Range]:
    start, end = opening
    if end - start <= ENDLESS_DAYS * 86_400:
        return [opening]
    day = datetime.fromtimestamp(start, ZoneInfo(zone)).date()
    day += timedelta(days=7 - day.weekday())
    cuts = [start]
    while (cut := _wall(zone, day, 0)) < end:
        cuts.append(cut)
        day += timedelta(days=7)
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def _openings(calendar: Calendar, low: int, high: int) -> list[Range]:
    """Merged openings that touch [low, high), whole as far as a grid needs it."""
    found = _openings_from(calendar, low, high, LEAD_DAYS)
    if found and found[0][1] - found[0][0] >= (LEAD_DAYS - 1) * 86_400:
        found = _openings_from(calendar, low, high, LEAD_DAYS_ENDLESS)
    return [one for one in found if one[1] > low and one[0] < high]


def _openings_from(calendar: Calendar, low: int, high: int, lead_days: int) -> list[Range]:
    first = _instant(low).date() - timedelta(days=lead_days)
    last = _instant(high).date() + timedelta(days=2)
    found = _merged(_daily(calendar, first, last))
    off = [(_wall(calendar.zone_on(day), day, 0), _wall(calendar.zone_on(day), day, 1440)) for day in calendar.days_off]
    if off:
        found = _without(found, _merged(off))
    for other in calendar.also:
        found = _shared(found, _openings_from(other, low, high, lead_days))
    return found


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
    low, high = _wall(zone, day, start), _wall(zone, day, end + 1440 if overnight else end)
    tomorrow = day + timedelta(days=1)
    if overnight and tomorrow in calendar.overrides:
        high = min(high, _wall(calendar.zone_on(tomorrow), tomorrow, 0))
    if low < high:
        yield low, high


def _minutes_of(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:5])


@lru_cache(maxsize=65_536)
def _wall(zone: str, day: date, minutes: int) -> int:
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


def _widened(one: Busy, terms: SlotTerms) -> Range:
    low, high = one.padded()
    return low - terms.buffer_after_minutes * 60, high + terms.buffer_before_minutes * 60


def _merged(ranges: Iterable[Range]) -> list[Range]:
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            if high > found[-1][1]:
                found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


def _without(ranges: Sequence[Range], holes: Sequence[Range]) -> list[Range]:
    found: list[Range] = []
    for low, high in ranges:
        for start, end in holes:
            if end <= low or start >= high:
                continue
            if start > low:
                found.append((low, start))
            low = max(low, end)
        if low < high:
            found.append((low, high))
    return found


def _shared(one: Sequence[Range], other: Sequence[Range]) -> list[Range]:
    return [
        (max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) < min(b, d)
    ]  # fmt: skip


def _hits(blocked: list[Range], start: int, end: int) -> bool:
    """Whether [start, end) overlaps one of the merged, sorted ranges."""
    index = bisect_left(blocked, (end, end)) - 1
    return index >= 0 and blocked[index][1] > start


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
