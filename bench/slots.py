"""What the slot engine costs: a month of one consultant's slots, beside a bare loop that makes the same slots.

Run: python -m bench.slots [--rounds 200] [--draw docs/pictures/slots.svg]

Each line: the median in milliseconds of processor time, the slots found, and the ratio to the bare loop of the same run (which only adds up
seconds and makes the tuples, asking nothing). Limits: a month with 100 bookings in at most 3 ms and 20 bare loops; ends
with 1 over either. With --draw the cost over the number of bookings, weekly hours and days of exception becomes a picture.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench.drawing import Curve, drawn
from zhixun.features.scheduling.rules import WEEKDAYS, Busy, Calendar, Slot, SlotTerms, WeeklyHours, offer

NOW = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
"""The month after it has a change of clocks."""
MONTH = timedelta(days=30)
LIMIT_MS, LIMIT_RATIO = 3.0, 20.0
COUNTS = (0, 25, 50, 100, 200, 400, 800)
OPENINGS = (1, 2, 4, 8, 16)
EXCEPTIONS = (0, 5, 10, 20, 30)
TERMS = SlotTerms(minutes=50, buffer_before_minutes=5, buffer_after_minutes=10, interval_minutes=30, notice_minutes=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--draw", type=Path)
    given = parser.parse_args()
    took, bare, found = measured(calendar(2), bookings(100), given.rounds)
    print(f"a month, 100 bookings   {took:6.2f} ms   {found:4d} slots   {took / bare:5.1f} of a bare loop")
    print(f"limits                  {LIMIT_MS:6.2f} ms                {LIMIT_RATIO:5.1f}")
    curves = (
        Curve("bookings", [(n, measured(calendar(2), bookings(n), given.rounds)[0]) for n in COUNTS]),
        Curve("openings a day", [(n, measured(calendar(n), bookings(100), given.rounds)[0]) for n in OPENINGS]),
        Curve("days with hours of their own", [(n, measured(calendar(2, n), bookings(100), given.rounds)[0]) for n in EXCEPTIONS]),
    )  # fmt: skip
    for curve in curves:
        print(f"{curve.name:30} " + "  ".join(f"{count}: {ms:.2f} ms" for count, ms in curve.points))
    if given.draw:
        given.draw.write_text(drawn(curves, unit="ms"), encoding="utf-8")
    return 1 if took > LIMIT_MS or took / bare > LIMIT_RATIO else 0


def measured(calendar: Calendar, busy: list[Busy], rounds: int) -> tuple[float, float, int]:
    """(ms of the engine, ms of the bare loop, slots): medians, taken in turns so that a busy machine slows both."""
    slots = month(calendar, busy)
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(_took(lambda: month(calendar, busy)))
        bare.append(_took(lambda: bare_loop(len(slots))))
    return statistics.median(ours) * 1000, statistics.median(bare) * 1000, len(slots)


def month(calendar: Calendar, busy: list[Busy]) -> list[Slot]:
    return offer(calendar, TERMS, busy, from_=NOW, until=NOW + MONTH, now=NOW)


def bare_loop(count: int) -> list[Slot]:
    start, step, length = int(NOW.timestamp()), TERMS.step_minutes * 60, TERMS.minutes * 60
    return [
        Slot(datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(at + length, UTC))
        for at in range(start, start + count * step, step)
    ]


def calendar(openings: int, exceptions: int = 0) -> Calendar:
    """`openings` a day, together twelve hours; the first `exceptions` days have hours of their own."""
    length = 12 * 60 // openings
    hours = tuple(
        WeeklyHours(WEEKDAYS, _clock(8 * 60 + n * length), _clock(8 * 60 + (n + 1) * length - 5))
        for n in range(openings)
    )
    own = {date(2026, 10, 6) + timedelta(days=n): (("10:00", "16:00"),) for n in range(exceptions)}
    return Calendar(zone="Europe/Berlin", hours=hours, overrides=own)


def bookings(count: int) -> list[Busy]:
    """Sessions of 50 minutes spread evenly over the month, as they lie in a full calendar."""
    step = MONTH / max(count, 1)
    return [Busy(at, at + timedelta(minutes=50)) for at in (NOW + step * n for n in range(count))]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _took(work: Callable[[], object]) -> float:
    """Processor time: the engine waits for nothing, and a busy machine must not make it look slow."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    raise SystemExit(main())
