"""Offered means bookable, and what is not offered is refused: over random schedules of any zone, around clock changes.

A few in every run of the tests; `make chaos` goes through 2,000 of each (CHAOS_SCHEDULES) and says how many times that were.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.features.scheduling.schedules import situations
from zhixun.features.scheduling import actions, queries
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.features.scheduling.rules import Busy, Calendar, Slot, SlotTerms, Stretch, offer, refusal
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

SCHEDULES = int(os.environ.get("CHAOS_SCHEDULES", "25"))
DAYS, FAR, MINUTE = timedelta(days=4), queries.RANGE_MAX, timedelta(minutes=1)
"""DAYS reach over the change of the clock that every schedule lies before."""
HOLDS = 2
REFUSALS = {
    "in_the_past", "notice", "beyond_horizon", "day_off", "outside_hours", "taken", "busy_elsewhere", "limit", "not_on_grid",
}  # fmt: skip
tally: Counter[str] = Counter()
many = settings(
    max_examples=SCHEDULES, deadline=None, phases=[Phase.generate], database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@pytest.fixture(autouse=True)
def _said() -> Iterator[None]:
    tally.clear()
    began = time.monotonic()
    yield
    print(f"\n{dict(sorted(tally.items()))} in {time.monotonic() - began:.0f} s")


@many
@given(situations(), st.randoms(use_true_random=False))
def test_every_slot_of_a_schedule_is_accepted_at_that_second_and_any_other_time_is_refused(situation, draw):
    calendar, terms, busy, now = situation
    terms = replace(terms, horizon_days=terms.horizon_days or 60)
    slots = offer(calendar, terms, busy, from_=now, until=now + DAYS, now=now)
    for slot in slots:
        assert refusal(calendar, terms, busy, at=slot.start, now=now) == "offered"
    assert refusal(calendar, terms, busy, at=_other(slots, now, draw), now=now) in REFUSALS
    tally["refused"] += 1
    tally["schedules"] += 1
    tally["accepted"] += len(slots)


@many
@given(situations(), st.randoms(use_true_random=False))
def test_what_is_offered_can_be_held_in_the_database_and_what_is_not_cannot(db_url, situation, draw):
    calendar, terms, busy, now = situation
    one = _stored(calendar, busy, now)
    for _ in range(HOLDS):
        slots = _offered(one, terms, now)
        with pytest.raises((SlotTaken, NotOffered)):
            _hold(one, terms, _other(slots, now, draw).replace(microsecond=0), now)
        tally["refused"] += 1
        if not slots:
            break
        _hold(one, terms, draw.choice(slots).start, now)
        tally["held"] += 1
    tally["schedules"] += 1


def _other(slots: list[Slot], now: datetime, draw: Random) -> datetime:
    """A time that is not offered: beside a slot, anywhere in the week and around it, in the past, far ahead."""
    offered = {slot.start for slot in slots}
    near = draw.choice(slots).start if slots else now
    tries = (
        near + draw.randrange(-120, 120) * MINUTE, near + timedelta(seconds=draw.randrange(-60, 60)),
        now.replace(microsecond=0) + draw.randrange(-2 * 1_440, 7 * 1_440) * MINUTE, now + draw.randrange(401, 500) * timedelta(days=1),
    )  # fmt: skip
    known = (at for at in draw.sample(tries, len(tries)) if at not in offered and (at < now + DAYS or at > now + FAR))
    return next(known, now - MINUTE)


def _stored(calendar: Calendar, busy: list[Busy], now: datetime) -> str:
    """The schedule in the database, its days off as closed days; returns the consultant's id. Busy times are of a calendar
    kept elsewhere."""
    one, calendar_id = new_id(), new_id()
    with unit_of_work(Actor(one, frozenset({"consultant"}), "", "UTC", "zh"), now=now) as uow:
        actions.open_calendar(uow, consultant_id=one, zone=calendar.zone)
        actions.set_weekly_hours(uow, consultant_id=one, hours=calendar.hours)
        for day, openings in (calendar.overrides | dict.fromkeys(calendar.days_off, ())).items():
            actions.set_override(uow, consultant_id=one, day=day, openings=openings)
        if busy:
            actions.add_busy_calendar(uow, calendar_id=calendar_id, name="Work", address="https://example.com/a.ics")
            times = {each.start: Stretch(each.start, each.end) for each in busy}
            actions.exchange_busy_times(uow, calendar_id=calendar_id, times=list(times.values()))
    return one


def _offered(one: str, terms: SlotTerms, now: datetime) -> list[Slot]:
    with unit_of_work(now=now) as uow:
        return queries.slots(uow.db, consultant_id=one, terms=terms, from_=now, until=now + DAYS, now=now)


def _hold(one: str, terms: SlotTerms, start: datetime, now: datetime) -> None:
    with unit_of_work(now=now) as uow:
        actions.hold_time(
            uow, hold_id=new_id(), consultant_id=one, terms=terms, start=start, expires_at=now + 15 * MINUTE, owner_id="ada"
        )  # fmt: skip
