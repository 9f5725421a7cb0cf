"""Many people want the same time at the same moment: one has it, the others are told what is free instead."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from tests import make
from zhixun.features.scheduling import actions, queries
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.features.scheduling.rules import SlotTerms
from zhixun.kernel.database import sqlalchemy_url
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id

NOW = make.NOW
TERMS = SlotTerms(60, interval_minutes=30, buffer_after_minutes=10)
THREADS, CONNECTIONS = 200, 20


@pytest.fixture
def grace(db_url):
    """Grace's id; her calendar is asked for over CONNECTIONS connections at once."""
    engine = sa.create_engine(sqlalchemy_url(db_url), pool_size=CONNECTIONS, max_overflow=0, pool_timeout=120)
    Session.configure(bind=engine)
    with unit_of_work(now=NOW) as uow:
        actions.open_calendar(uow, consultant_id="grace", zone="Asia/Shanghai")
        actions.set_weekly_hours(uow, consultant_id="grace", hours=make.OFFICE_HOURS)
    yield "grace"
    engine.dispose()


def all_at_once(tasks):
    barrier = Barrier(len(tasks))

    def run(task):
        barrier.wait()
        try:
            return task()
        except (SlotTaken, NotOffered) as refusal:
            return refusal

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def slots(consultant_id):
    with unit_of_work(now=NOW) as uow:
        until = NOW + timedelta(days=2)
        return queries.slots(uow.db, consultant_id=consultant_id, terms=TERMS, from_=NOW, until=until, now=NOW)


def holding(consultant_id, start):
    def hold():
        with unit_of_work(now=NOW) as uow:
            return actions.hold_time(
                uow, hold_id=new_id(), consultant_id=consultant_id, terms=TERMS, start=start,
                expires_at=NOW + timedelta(minutes=15), owner_id=new_id(),
            )  # fmt: skip

    return hold


def test_of_two_hundred_who_want_one_time_exactly_one_has_it(grace):
    start = slots(grace)[2].start
    answers = all_at_once([holding(grace, start)] * THREADS)
    refused = [one for one in answers if isinstance(one, SlotTaken | NotOffered)]
    assert len(answers) - len(refused) == 1
    free = {slot.start.strftime("%Y-%m-%dT%H:%M:%SZ") for slot in slots(grace)}
    for refusal in refused:
        assert refusal.code == "slot_taken"
        assert set(refusal.extra["alternatives"]) <= free
        assert len(refusal.extra["alternatives"]) == 3


def test_of_many_who_want_overlapping_times_none_overlap(grace):
    starts = [slot.start for slot in slots(grace)][:8]
    answers = all_at_once([holding(grace, starts[n % len(starts)]) for n in range(80)])
    held = sorted(one.start for one in answers if not isinstance(one, Exception))
    assert len(held) >= 2
    assert all(later - sooner >= timedelta(minutes=70) for sooner, later in itertools.pairwise(held))


def test_taking_releasing_and_sweeping_at_the_same_moment_never_wait_in_a_ring(grace):
    names = []
    for slot in slots(grace)[::4]:
        with unit_of_work(now=NOW) as uow:
            names.append(new_id())
            actions.hold_time(
                uow, hold_id=names[-1], consultant_id=grace, terms=TERMS, start=slot.start,
                expires_at=NOW + timedelta(minutes=15), owner_id="ada",
            )  # fmt: skip

    def doing(deed, name):
        def run():
            with unit_of_work(now=NOW + timedelta(minutes=20)) as uow:
                deed(uow, hold_id=name)

        return run

    def sweep():
        with unit_of_work(now=NOW + timedelta(minutes=20)) as uow:
            actions.sweep_lapsed_holds(uow)

    deeds = [doing(deed, name) for name in names for deed in (actions.take_time, actions.release_time)]
    all_at_once([*deeds * 5, *[sweep] * 10])
