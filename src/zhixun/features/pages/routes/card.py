"""The booking card of a consultant's page: services, a week of days, and each day's times, ready to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from zhixun.features.booking.rules import LadderStep, ladder
from zhixun.features.catalog.rules import ConsultantCard, ServiceView
from zhixun.features.pages import forms
from zhixun.features.scheduling.rules import Slot
from zhixun.features.search.queries import LOOK_AHEAD, FreeTimes

WEEK_DAYS = 7
WEEKS = LOOK_AHEAD.days // WEEK_DAYS
SECONDS_LENGTH = len("2026-11-25T11:30:00")
AFTERNOON_FROM_HOUR, EVENING_FROM_HOUR = 12, 18


class TimeShown(NamedTuple):
    """`stamp` is the start for machines, "2026-11-25T11:30:00Z"; `clock` as the reader's clock shows it, "19:30"."""

    stamp: str
    clock: str
    chosen: bool


@dataclass(frozen=True)
class DayShown:
    """`parts`: morning, afternoon or evening → its times."""

    day: date
    noon: datetime
    parts: tuple[tuple[str, tuple[TimeShown, ...]], ...]
    chosen: bool

    @property
    def count(self) -> int:
        return sum(len(times) for _, times in self.parts)


@dataclass(frozen=True)
class ServiceShown:
    service: ServiceView
    chosen: bool
    days: tuple[DayShown, ...]
    """One week; empty days too."""
    any: bool
    """Whether there is a free time in any of the weeks."""


@dataclass(frozen=True)
class BookingCard:
    services: tuple[ServiceShown, ...]
    week: int
    weeks: int
    chosen: Slot | None
    ladder: tuple[LadderStep, ...]
    """What cancelling the chosen time gives back, and until when; empty while none is chosen."""
    gone: datetime | None
    """The time asked for by the address, when it is not free any more."""

    @property
    def any(self) -> bool:
        return any(one.any for one in self.services)

    @property
    def service(self) -> ServiceShown | None:
        return next((one for one in self.services if one.chosen), None)


def booking_card(
    card: ConsultantCard, times: FreeTimes, *, service_id: str, at: str, week: str, zone: str, now: datetime
) -> BookingCard:
    """What can be booked in the next two weeks, on the reader's clock. What the address asks for is chosen when it is free."""
    free = _Weeks(times, zone, now)
    start = _instant(at)
    chosen = _chosen_service(card.services, free, service_id, start)
    here = free.at(chosen, start) if chosen and start else None
    asked = forms.read_number(week, most=WEEKS - 1)
    shown_week = asked if asked is not None else free.week_of(here.start) if here else free.first_week(chosen)
    picked = here if here and free.week_of(here.start) == shown_week else None
    services = tuple(
        ServiceShown(
            service, service is chosen,
            _days(free.of(service, shown_week), free.day(shown_week), zone, here.start if here and service is chosen else None),
            free.any(service, shown_week),
        )
        for service in card.services
    )  # fmt: skip
    steps = tuple(ladder(starts_at=picked.start, price=chosen.price)) if picked and chosen else ()
    return BookingCard(
        services, shown_week, WEEKS, picked, steps, start if start and not here and start > now else None
    )


class _Weeks:
    """The free times week by week, the reader's today first. The engine is asked for the weeks that are looked at only."""

    def __init__(self, times: FreeTimes, zone: str, now: datetime) -> None:
        self._times, self._info = times, ZoneInfo(zone)
        self._today = now.astimezone(self._info).date()
        self._found: dict[tuple[str, int], list[Slot]] = {}

    def day(self, week: int) -> date:
        """The first day of the week."""
        return self._today + timedelta(days=week * WEEK_DAYS)

    def week_of(self, at: datetime) -> int:
        return (at.astimezone(self._info).date() - self._today).days // WEEK_DAYS

    def of(self, service: ServiceView, week: int) -> list[Slot]:
        key = (service.id, week)
        if key not in self._found:
            low, high = (datetime.combine(self.day(number), time(), self._info) for number in (week, week + 1))
            self._found[key] = self._times.of_service(service.timing, low.astimezone(UTC), high.astimezone(UTC))
        return self._found[key]

    def any(self, service: ServiceView, first: int = 0) -> bool:
        """Whether it has a free time in any week; the week `first` is looked at first."""
        return any(self.of(service, week) for week in (first, *range(WEEKS)))

    def first_week(self, service: ServiceView | None) -> int:
        return next((week for week in range(WEEKS) if service and self.of(service, week)), 0)

    def at(self, service: ServiceView, start: datetime) -> Slot | None:
        """The free time that starts then."""
        if abs(start - self._times.now) > LOOK_AHEAD or not 0 <= (week := self.week_of(start)) < WEEKS:
            return None
        return next((slot for slot in self.of(service, week) if slot.start == start), None)


def _chosen_service(
    services: Sequence[ServiceView], free: _Weeks, service_id: str, start: datetime | None
) -> ServiceView | None:
    """The service asked for; else the first that has the time asked for; else the first with any time."""
    return next(
        chain(
            (one for one in services if one.id == service_id),
            (one for one in services if start and free.at(one, start)),
            (one for one in services if free.any(one)),
            services,
        ),
        None,
    )


def _days(free: Sequence[Slot], first: date, zone: str, start: datetime | None) -> tuple[DayShown, ...]:
    info = ZoneInfo(zone)
    by_day: dict[date, list[tuple[str, TimeShown]]] = {}
    for at, _ in free:
        here = at.astimezone(info)
        shown = TimeShown(at.isoformat()[:SECONDS_LENGTH] + "Z", f"{here.hour:02d}:{here.minute:02d}", at == start)
        by_day.setdefault(here.date(), []).append((_part(here.hour), shown))
    chosen = start.astimezone(info).date() if start else min(by_day, default=None)
    return tuple(
        DayShown(
            day, datetime(day.year, day.month, day.day, 12, tzinfo=info),
            tuple((part, tuple(shown for _, shown in times)) for part, times in groupby(by_day.get(day, ()), key=itemgetter(0))),
            day == chosen,
        )
        for day in (first + timedelta(days=number) for number in range(WEEK_DAYS))
    )  # fmt: skip


def _part(hour: int) -> str:
    return "morning" if hour < AFTERNOON_FROM_HOUR else "afternoon" if hour < EVENING_FROM_HOUR else "evening"


def _instant(text: str) -> datetime | None:
    """ "2026-11-25T11:30:00Z"; None for anything else."""
    if not text or len(text) > 40:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
