"""Where sessions may start: the points of a fixed grid laid over the openings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .openings import openings, wall
from .ranges import Range, without
from .terms import Calendar, SlotTerms

GRID_MINUTES = (60, 30, 20, 15, 10, 5)
ENDLESS_DAYS = 7
"""An opening longer than this has no natural first start; its grid begins anew every Monday, 00:00 local."""


def starts(calendar: Calendar, terms: SlotTerms, blocked: list[Range], low: int, high: int) -> Iterator[range]:
    """The points of the grid in [low, high) in every opening, session fitting inside; a `range` for each opening."""
    zone = ZoneInfo(terms.align_zone or calendar.zone)
    step, length = terms.step_minutes * 60, terms.minutes * 60
    for opening in openings(calendar, low, high + length):
        if terms.align == "pack":
            pieces = [(start, end, end) for start, end in without([opening], blocked)]
        else:
            pieces = [(start, end, opening[1]) for start, end in _weekly_pieces(opening, calendar.zone)]
        for anchor, grid_end, end in pieces:
            first = _first_start(anchor, end, terms, zone) + terms.start_offset_minutes * 60
            if first < low:
                first += -(-(low - first) // step) * step
            if first < (stop := min(end - length + 1, high, grid_end)):
                yield range(first, stop, step)


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
    while (cut := wall(zone, day, 0)) < end:
        cuts.append(cut)
        day += timedelta(days=7)
    return list(zip(cuts, [*cuts[1:], end], strict=True))
