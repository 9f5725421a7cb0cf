"""Who is offered a freed time: the states of a place in the list, the exit by time from each, and what suits whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_, Invalid

OFFER = timedelta(minutes=30)
"""How long a freed time is kept for one person before it passes on."""
WAITS = timedelta(days=60)
"""Who names no day waits so long at most."""
AHEAD_MAX = timedelta(days=180)
"""How far ahead a wished day may be."""
WAITING_MAX = 5
"""Lists one person may stand in at once."""
UNANSWERED_MAX = 3
"""Who lets so many offers pass without a word gives up the place."""
DAY_FROM_HOUR, NIGHT_FROM_HOUR = 8, 22
"""Nobody is offered anything in the night, by their own clock."""
AFTERNOON_FROM_HOUR, EVENING_FROM_HOUR = 12, 18
PARTS = ("any", "morning", "afternoon", "evening")


class State(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LEFT = "left"
    ENDED = "ended"


NEXT: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.OFFERED, State.LEFT, State.ENDED}),
    State.OFFERED: frozenset({State.WAITING, State.TAKEN, State.LEFT, State.ENDED}),
    State.TAKEN: frozenset(),
    State.LEFT: frozenset(),
    State.ENDED: frozenset(),
}
"""The exit by time: an offer passes on after OFFER, a place ends with its day or after WAITS."""


def may_become(current: State, wanted: State) -> bool:
    return wanted in NEXT[current]


@dataclass(frozen=True)
class Wish:
    """Which times suit: a day on the person's own calendar (None: any) and a part of the day, one of PARTS."""

    day: date | None
    part: str
    zone: str

    def suits(self, start: datetime) -> bool:
        here = start.astimezone(ZoneInfo(self.zone))
        return (self.day is None or here.date() == self.day) and self.part in ("any", part_of_day(here.hour))

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """[from, until): the instants between which a time could suit, from now on."""
        if self.day is None:
            return now, now + WAITS
        begin, end = _midnight(self.day, self.zone), _midnight(self.day + timedelta(days=1), self.zone)
        return max(begin, now), max(end, now)


def part_of_day(hour: int) -> str:
    return "morning" if hour < AFTERNOON_FROM_HOUR else "afternoon" if hour < EVENING_FROM_HOUR else "evening"


def check_wish(wish: Wish, now: datetime) -> None:
    """Raises Invalid for a part of the day that is none, and for a day that is over or too far ahead."""
    wrong = {}
    if wish.part not in PARTS:
        wrong["part"] = N_("Please choose a part of the day from the list.")
    today = now.astimezone(ZoneInfo(wish.zone)).date()
    if wish.day is not None and not today <= wish.day <= today + AHEAD_MAX:
        wrong["day"] = N_("Please choose a day between today and 180 days from now.")
    if wrong:
        raise Invalid(fields=wrong)


def is_night(now: datetime, zone: str) -> bool:
    return not DAY_FROM_HOUR <= now.astimezone(ZoneInfo(zone)).hour < NIGHT_FROM_HOUR


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC)
