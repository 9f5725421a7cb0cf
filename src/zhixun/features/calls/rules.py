"""Who was in the room and for how long, from what the live gateway saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhixun.features.booking.rules import State

REJOIN_GRACE = timedelta(minutes=2)
"""Who is back within this time was never away: lines break, and browsers are reloaded."""
ALIVE = timedelta(seconds=90)
"""A browser gives a sign of life every 25 seconds; one that has given none for so long has gone without saying so."""
SIGNAL_LENGTH_MAX = 32_000
"""Characters of one signal between two browsers; the description of a call has a few thousand."""
CALL_IS_OPEN = frozenset({State.CONFIRMED, State.IN_PROGRESS})
CHANNELS_WITH_CALL = frozenset({"video", "voice"})


@dataclass(frozen=True)
class Stay:
    """One stretch of time someone was in the room."""

    joined_at: datetime
    left_at: datetime


def stays(seen: Iterable[tuple[datetime, datetime]]) -> list[Stay]:
    """What was seen of one person, (joined, left), as stays in order; a gap of REJOIN_GRACE at most is none."""
    found: list[Stay] = []
    for joined_at, left_at in sorted(seen):
        if found and joined_at - found[-1].left_at <= REJOIN_GRACE:
            found[-1] = Stay(found[-1].joined_at, max(found[-1].left_at, left_at))
        else:
            found.append(Stay(joined_at, max(joined_at, left_at)))
    return found


def within(found: Iterable[Stay], from_: datetime, until: datetime) -> list[Stay]:
    """The parts of these stays that lie in [from_, until]."""
    cut = (Stay(max(one.joined_at, from_), min(one.left_at, until)) for one in found)
    return [one for one in cut if one.joined_at < one.left_at]


def together(one: Sequence[Stay], other: Sequence[Stay]) -> list[Stay]:
    """When both were there, in order."""
    both = (within(one, stay.joined_at, stay.left_at) for stay in other)
    return sorted((part for parts in both for part in parts), key=lambda stay: stay.joined_at)


def seconds_of(found: Iterable[Stay]) -> int:
    return int(sum((one.left_at - one.joined_at for one in found), timedelta()).total_seconds())


def gone_at(seen_at: datetime, now: datetime) -> datetime:
    """When a stay that nobody ended has ended: now while there are signs of life, else with the last of them."""
    return now if now - seen_at <= ALIVE else seen_at
