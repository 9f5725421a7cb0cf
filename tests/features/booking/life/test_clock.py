"""What the clock does to bookings, and what it looks for."""

from __future__ import annotations

import pytest

from tests import make
from tests.features.booking.life.scene import HOUR, MINUTE, NOW, QUARTER, SECOND
from zhixun.features.booking import actions, jobs, queries
from zhixun.features.scheduling.actions import SlotTaken
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work


def test_the_jobs_move_every_booking_that_is_due_and_one_that_fails_stops_no_other(scene, monkeypatch):
    ids = [scene.ask(start=scene.start + n * HOUR) for n in range(3)]
    real = actions.pass_time

    def broken(uow, *, booking_id):
        if booking_id == sorted(ids)[0]:
            raise RuntimeError("a bad row")
        return real(uow, booking_id=booking_id)

    monkeypatch.setattr(actions, "pass_time", broken)
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: NOW + QUARTER)
    jobs.pass_time()
    with Session() as db:
        assert queries.due_by_time(db, NOW + QUARTER) == sorted(ids)[:1]
        assert queries.due_by_time(db, NOW + QUARTER, after=sorted(ids)[0]) == []
    monkeypatch.setattr(actions, "pass_time", real)
    jobs.pass_time()
    with Session() as db:
        assert queries.due_by_time(db, NOW + QUARTER) == []


def test_what_the_clock_looks_for_is_what_has_come(scene):
    booking_id = scene.booked()

    def due(at):
        with Session() as db:
            return queries.due_by_time(db, at) == [booking_id]

    assert not due(scene.start + QUARTER - SECOND)
    assert due(scene.start + QUARTER)
    scene.join(booking_id, scene.ada, scene.start - MINUTE)
    scene.join(booking_id, scene.grace.actor, scene.start - MINUTE)
    assert due(scene.start)
    scene.tick(booking_id, scene.start)
    assert not due(scene.start + HOUR - SECOND)
    assert due(scene.start + HOUR)
    scene.complete(booking_id, scene.start + HOUR)
    assert not due(scene.start + 100 * HOUR)
    with Session() as db:
        assert queries.due_for_release(db, scene.start + 49 * HOUR - SECOND) == []
        assert queries.due_for_release(db, scene.start + 49 * HOUR) == [booking_id]


def test_a_taken_time_is_refused_to_the_next(scene):
    scene.booked()
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    with pytest.raises(SlotTaken):
        scene.ask(who=bob)
