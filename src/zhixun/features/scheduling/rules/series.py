"""Sessions that come back: every week or every other, at the same time on one clock, across its changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_, Invalid

from .openings import wall
from .ranges import instant
from .terms import check_zone

SESSIONS_MIN, SESSIONS_MAX = 2, 12
WEEKS_APART = (1, 2)
YEAR_MIN, YEAR_MAX = 2000, 2199
INSTEAD_WITHIN = timedelta(days=6)
"""So far from its own date a session may be moved when its time is not free: the weeks stay weeks."""


@dataclass(frozen=True)
class Recurrence:
    """`sessions` times from `start` on, at the same time on the clock of `zone`. Sessions are numbered from 1: those in
    `left_out` do not take place, those in `instead` at another time."""

    start: datetime
    weeks_apart: int
    sessions: int
    zone: str
    instead: Mapping[int, datetime] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()


def check_recurrence(wanted: Recurrence) -> Recurrence:
    """Raises Invalid naming each thing that is wrong."""
    wrong: dict[str, str] = {}
    if not YEAR_MIN <= wanted.start.year <= YEAR_MAX:
        wrong["start"] = N_("Please choose a time from the list.")
    if wanted.weeks_apart not in WEEKS_APART:
        wrong["weeks_apart"] = N_("A series is weekly or every two weeks.")
    if not SESSIONS_MIN <= wanted.sessions <= SESSIONS_MAX:
        wrong["sessions"] = N_("A series has 2 to 12 sessions.")
    if wrong:
        raise Invalid(fields=wrong)
    check_zone(wanted.zone)
    numbers = range(1, wanted.sessions + 1)
    if any(number not in numbers for number in (*wanted.instead, *wanted.left_out)):
        raise Invalid(fields={"instead": N_("There is no session of this number in the series.")})
    planned = dates_of(wanted)
    if any(abs(at - planned[number - 1]) > INSTEAD_WITHIN for number, at in wanted.instead.items()):
        raise Invalid(fields={"instead": N_("Another time has to be within six days of the session’s own.")})
    if len(sessions_of(wanted)) < SESSIONS_MIN:
        raise Invalid(fields={"sessions": N_("At least two sessions have to be left. One alone can be booked singly.")})
    return wanted


def dates_of(wanted: Recurrence) -> list[datetime]:
    """Every start as the rule says it, the first first. A time that a clock change skips is the first one after it."""
    first = wanted.start.astimezone(ZoneInfo(wanted.zone))
    minutes = first.hour * 60 + first.minute
    days = (first.date() + timedelta(weeks=wanted.weeks_apart * n) for n in range(1, wanted.sessions))
    return [wanted.start, *(instant(wall(wanted.zone, day, minutes)) for day in days)]


def sessions_of(wanted: Recurrence) -> dict[int, datetime]:
    """Number → start of the sessions that are wanted, in their order."""
    planned = enumerate(dates_of(wanted), 1)
    return {n: wanted.instead.get(n, at) for n, at in planned if n not in wanted.left_out}


def clock_changes(starts: list[datetime], zone: str) -> list[bool]:
    """Of each start, whether the clock of `zone` was changed since the start before it."""
    offsets = [at.astimezone(ZoneInfo(zone)).utcoffset() for at in starts]
    return [False, *(one != other for one, other in pairwise(offsets))]
