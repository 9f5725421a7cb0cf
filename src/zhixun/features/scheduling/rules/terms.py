"""What is said about time: a consultant's calendar, a service's terms, a time that is not free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import available_timezones

from zhixun.features.catalog.rules import ServiceTiming, ServiceView
from zhixun.kernel.errors import N_, Invalid

from .ranges import Range, seconds

DAY_MINUTES = 24 * 60
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
OPENINGS_PER_DAY_MAX = 12


class Slot(NamedTuple):
    """A bookable time, aware UTC, half-open. A tuple, because a page makes a thousand of them."""

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


def terms_of(service: ServiceView | ServiceTiming) -> SlotTerms:
    """What the slot engine needs to know of a service."""
    return SlotTerms(
        minutes=service.minutes,
        buffer_before_minutes=service.buffer_before_minutes,
        buffer_after_minutes=service.buffer_after_minutes,
        interval_minutes=service.interval_minutes,
        notice_minutes=service.notice_minutes,
        horizon_days=service.horizon_days,
    )


@dataclass(frozen=True)
class WeeklyHours:
    """Open on these weekdays from `start` to `end` ("HH:MM", "24:00" ends the day; end before start ends tomorrow)."""

    days: tuple[str, ...]
    start: str
    end: str

    @property
    def minutes_a_week(self) -> int:
        (start_hour, start_minute), (end_hour, end_minute) = (
            (int(part) for part in text.split(":")) for text in (self.start, self.end)
        )
        length = (end_hour * 60 + end_minute - start_hour * 60 - start_minute) % DAY_MINUTES or DAY_MINUTES
        return length * len(self.days)


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
    """A time that is not free. `counts`: whether it is a session of ours, for the limits per day and week. `calendar`: the
    name of the consultant's other calendar it was read from. `lapses_at`: when a hold ends by itself; who has read it
    sees to that, the engine takes it for busy."""

    start: datetime
    end: datetime
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    counts: bool = False
    calendar: str = ""
    lapses_at: datetime | None = None
    hold_id: str = ""
    """Who asks for more about a time that is held or taken here finds it by this."""

    def padded(self) -> Range:
        return (
            seconds(self.start) - self.buffer_before_minutes * 60,
            seconds(self.end) + self.buffer_after_minutes * 60,
        )


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
    for day in WEEKDAYS:
        check_openings([(one.start, one.end) for one in hours if day in one.days])
    return tuple(hours)


def check_openings(openings: Sequence[tuple[str, str]]) -> None:
    """The openings of one day. Raises Invalid."""
    if len(openings) > OPENINGS_PER_DAY_MAX:
        raise Invalid(fields={"hours": N_("A day has at most 12 openings.")})
    if not all(_is_time(text) for opening in openings for text in opening):
        raise Invalid(fields={"hours": N_("A time looks like 09:30; 24:00 ends the day.")})


def _is_time(text: str) -> bool:
    hour, colon, minute = text.partition(":")
    if not (text.isascii() and colon and hour.isdecimal() and minute.isdecimal() and len(hour) == len(minute) == 2):
        return False
    return int(minute) < 60 and int(hour) * 60 + int(minute) <= 24 * 60


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
