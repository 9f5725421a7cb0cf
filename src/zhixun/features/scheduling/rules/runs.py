"""What the engine offers, written out to be looked up: rows of starts that lie evenly apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from .grid import starts
from .offering import widened
from .ranges import Range, clear_of, merged
from .terms import Busy, Calendar, SlotTerms

DAY_SECONDS = 86_400


class Run(NamedTuple):
    """The starts first, first + step, … last, in seconds since 1970, all of one day (UTC). `free_at`: from when on they
    are free, where only a hold keeps them; None where they are free now."""

    first: int
    last: int
    step_seconds: int
    free_at: datetime | None = None


def free_runs(calendar: Calendar, terms: SlotTerms, busy: Sequence[Busy], *, low: int, high: int) -> list[Run]:
    """Every start in [low, high) that `offer` gives for these terms without notice and horizon, ascending; and those that
    it will give when holds have lapsed.

    For terms without limits per day and week, on a grid that bookings do not move: those of every service.
    """
    limits = (terms.per_day_max, terms.per_week_max, terms.minutes_per_day_max)
    assert limits == (None, None, None), "such starts hang on all that is booked in their week"
    assert terms.align != "pack", "such starts hang on all that is booked before them"
    length = terms.minutes * 60
    lasting = merged(widened(one, terms) for one in busy if one.lapses_at is None)
    holds = [(widened(one, terms), one.lapses_at) for one in busy if one.lapses_at is not None]
    standing = merged((*lasting, *(kept for kept, _ in holds)))
    found: list[Run] = []
    for row in starts(calendar, terms, [], low, high):
        for stretch in clear_of(lasting, row, length):
            if holds:
                found += _kept(stretch, holds, length)
            for free in clear_of(standing, stretch, length) if holds else (stretch,):
                found += _daily(free)
    return sorted(found, key=lambda run: run.first)


def _kept(stretch: range, holds: Sequence[tuple[Range, datetime]], length: int) -> Iterator[Run]:
    for start in stretch:
        lapses = [at for (low, high), at in holds if low < start + length and start < high]
        if lapses:
            yield Run(start, start, stretch.step, max(lapses))


def _daily(row: range) -> Iterator[Run]:
    at, step = row.start, row.step
    while at < row.stop:
        stop = min(row.stop, (at // DAY_SECONDS + 1) * DAY_SECONDS)
        last = at + (stop - 1 - at) // step * step
        yield Run(at, last, step)
        at = last + step
