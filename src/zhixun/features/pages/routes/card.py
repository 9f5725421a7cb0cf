"""The booking card of a consultant's page: services, a week of days, and each day's times, ready to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
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


@dataclass(frozen=True)
class TimeShown:
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
    total: int
    """Free times in all the weeks looked at."""


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
        return any(one.total for one in self.services)

    @property
    def service(self) -> ServiceShown | None:
        return next((one for one in self.services if one.chosen), None)


def booking_card(
    card: ConsultantCard, times: FreeTimes, *, service_id: str, at: str, week: str, zone: str, now: datetime
) -> BookingCard:
    """What can be booked in the next two weeks, on the reader's clock. What the address asks for is chosen when it is free."""
    until = now + LOOK_AHEAD
    free = {service.id: times.of_service(service.timing, now, until) for service in card.services}
    start = _instant(at)
    chosen = _chosen_service(card, free, service_id, start)
    here = [slot for slot in free.get(chosen, ()) if slot.start == start]
    shown_week = _week(week, start if here else None, free.get(chosen, ()), zone, now)
    first = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=shown_week * WEEK_DAYS)
    services = tuple(
        ServiceShown(
            service, service.id == chosen,
            _days(free[service.id], first, zone, start if service.id == chosen and here else None),
            len(free[service.id]),
        )
        for service in card.services
    )  # fmt: skip
    picked = here[0] if here and _in_week(here[0], first, zone) else None
    price = next((service.price for service in card.services if service.id == chosen), None)
    steps = tuple(ladder(starts_at=picked.start, price=price)) if picked and price else ()
    return BookingCard(
        services, shown_week, WEEKS, picked, steps, start if start and not here and start > now else None
    )


def _in_week(slot: Slot, first: date, zone: str) -> bool:
    """Whether the week that is shown has the slot."""
    return first <= slot.start.astimezone(ZoneInfo(zone)).date() < first + timedelta(days=WEEK_DAYS)


def _chosen_service(card: ConsultantCard, free: dict[str, list[Slot]], service_id: str, start: datetime | None) -> str:
    """The service asked for; else the first that has the time asked for; else the first with any time."""
    ids = [service.id for service in card.services]
    if service_id in ids:
        return service_id
    having = [one for one in ids if any(slot.start == start for slot in free[one])] or [one for one in ids if free[one]]
    return (having or ids or [""])[0]


def _week(asked: str, start: datetime | None, free: Sequence[Slot], zone: str, now: datetime) -> int:
    """The week asked for, that of the chosen time, or the first with a free time."""
    if (week := forms.read_number(asked, most=WEEKS - 1)) is not None:
        return week
    first = start or (free[0].start if free else now)
    today = now.astimezone(ZoneInfo(zone)).date()
    return min(WEEKS - 1, (first.astimezone(ZoneInfo(zone)).date() - today).days // WEEK_DAYS)


def _days(free: Sequence[Slot], first: date, zone: str, start: datetime | None) -> tuple[DayShown, ...]:
    info, last = ZoneInfo(zone), first + timedelta(days=WEEK_DAYS)
    by_day: dict[date, list[tuple[str, TimeShown]]] = {}
    for slot in free:
        here = slot.start.astimezone(info)
        if first <= (day := here.date()) < last:
            stamp = slot.start.isoformat()[:SECONDS_LENGTH] + "Z"
            shown = TimeShown(stamp, f"{here.hour:02d}:{here.minute:02d}", slot.start == start)
            by_day.setdefault(day, []).append((_part(here.hour), shown))
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
