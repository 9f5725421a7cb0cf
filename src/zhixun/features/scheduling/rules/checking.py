"""Every rule asked about one time, in the order they decide, with what is in the way: for whoever wonders about a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .grid import starts
from .offering import Limits, calendars_in_the_way, horizon_end, times_in_the_way, widened
from .openings import openings, wall
from .ranges import instant, merged, seconds
from .terms import DAY_MINUTES, Busy, Calendar, Slot, SlotTerms


@dataclass(frozen=True)
class Verdict:
    """One rule, by the code of `refusal` that it refuses with.

    `holds` is None where the rule has nothing to say, because one before it left no start to judge.
    """

    rule: str
    holds: bool | None
    bound: datetime | None = None
    """in_the_past, notice: the soonest start; beyond_horizon: the instant that a start has to lie before."""
    openings: tuple[Slot, ...] = ()
    """day_off, outside_hours: when the consultant is open on the day of the time, by their own clock."""
    nearest: tuple[datetime, ...] = ()
    """not_on_grid: the start before and the one after, where there are such."""
    times: tuple[Busy, ...] = ()
    """taken: what is held or taken there."""
    calendars: tuple[str, ...] = ()
    """busy_elsewhere: the names of the calendars."""
    limits: tuple[str, ...] = ()
    """limit: the limits that are used up, as the terms name them."""


def checks(calendar: Calendar, terms: SlotTerms, busy: Sequence[Busy], *, at: datetime, now: datetime) -> list[Verdict]:
    """All rules about a session from `at`. It is offered exactly where none of them fails; where `refusal` names a rule, it
    is one of those that fail."""
    soonest = now + timedelta(minutes=terms.notice_minutes)
    end = _horizon(calendar, terms, now)
    hours = _hours(calendar, terms, at)
    blocking, named = times_in_the_way(terms, busy, at=at), calendars_in_the_way(terms, busy, at=at)
    used = _limits_used(calendar, terms, busy, at=at, now=now)
    return [
        Verdict("in_the_past", at >= now, bound=now),
        Verdict("notice", at >= soonest, bound=soonest),
        Verdict("beyond_horizon", end is None or at < end, bound=end),
        hours,
        _grid(calendar, terms, busy, at) if hours.holds else Verdict("not_on_grid", None),
        Verdict("taken", not blocking, times=tuple(blocking)),
        Verdict("busy_elsewhere", not named, calendars=tuple(named)),
        Verdict("limit", not used, limits=used),
    ]


def _horizon(calendar: Calendar, terms: SlotTerms, now: datetime) -> datetime | None:
    if terms.horizon_days is None:
        return None
    return instant(horizon_end(terms.horizon_zone or calendar.zone, terms.horizon_days, now))


def _hours(calendar: Calendar, terms: SlotTerms, at: datetime) -> Verdict:
    start = seconds(at)
    day = at.astimezone(ZoneInfo(calendar.zone)).date()
    low, high = wall(calendar.zone, day, 0), wall(calendar.zone, day, DAY_MINUTES)
    there = tuple(Slot(instant(begin), instant(end)) for begin, end in openings(calendar, low, high))
    fits = any(
        begin <= start and start + terms.minutes * 60 <= end for begin, end in openings(calendar, start, start + 1)
    )
    closed = day in calendar.days_off or calendar.overrides.get(day) == ()
    return Verdict("day_off" if closed and not fits else "outside_hours", fits, openings=there)


def _grid(calendar: Calendar, terms: SlotTerms, busy: Sequence[Busy], at: datetime) -> Verdict:
    start, step = seconds(at), terms.step_minutes * 60
    blocked = merged(widened(one, terms) for one in busy) if terms.align == "pack" else []
    around = sorted(
        point for run in starts(calendar, terms, blocked, start - step, start + step + 1) for point in run
    )  # fmt: skip
    if start in around and at.microsecond == 0:
        return Verdict("not_on_grid", True)
    before, after = [one for one in around if one <= start], [one for one in around if one > start]
    return Verdict("not_on_grid", False, nearest=tuple(instant(one) for one in (*before[-1:], *after[:1])))


def _limits_used(
    calendar: Calendar, terms: SlotTerms, busy: Sequence[Busy], *, at: datetime, now: datetime
) -> tuple[str, ...]:
    """Each limit by itself: the names of those that leave no room for one more session."""
    free = replace(terms, horizon_days=None, per_day_max=None, per_week_max=None, minutes_per_day_max=None)
    alone = {
        name: replace(free, **{name: getattr(terms, name)})
        for name in ("per_day_max", "per_week_max", "minutes_per_day_max")
        if getattr(terms, name) is not None
    }
    return tuple(name for name, one in alone.items() if not Limits(calendar, one, busy, now)(seconds(at)))
