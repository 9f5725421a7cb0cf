"""Arithmetic of half-open ranges of instants, in whole seconds since 1970 (UTC)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from operator import itemgetter

Range = tuple[int, int]


def merged(ranges: Iterable[Range]) -> list[Range]:
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            if high > found[-1][1]:
                found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


def without(ranges: Sequence[Range], holes: Sequence[Range]) -> list[Range]:
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


def shared(one: Sequence[Range], other: Sequence[Range]) -> list[Range]:
    return [
        (max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) < min(b, d)
    ]  # fmt: skip


def hits(blocked: list[Range], start: int, end: int) -> bool:
    """Whether [start, end) overlaps one of the merged, sorted ranges."""
    index = bisect_left(blocked, (end, end)) - 1
    return index >= 0 and blocked[index][1] > start


def clear_of(blocked: list[Range], starts: range, length: int) -> Iterator[range]:
    """The stretches of `starts` from which `length` seconds overlap none of the merged, sorted ranges.

    Goes from range to range, not from start to start: a month of one calendar is mostly arithmetic on its few bookings.
    """
    at, step = starts.start, starts.step
    for low, high in blocked[bisect_right(blocked, at, key=itemgetter(1)) :]:
        if at >= starts.stop:
            return
        if at < (stop := min(low - length + 1, starts.stop)):
            yield range(at, stop, step)
        if high > at:
            at += -(-(high - at) // step) * step
    if at < starts.stop:
        yield range(at, starts.stop, step)


def seconds(at: datetime) -> int:
    assert at.tzinfo is not None, "a time without a zone is not an instant"
    return int(at.timestamp())


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
