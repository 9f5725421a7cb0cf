"""Who may see and change a booking."""

from __future__ import annotations

import pytest

from tests import make
from tests.features.booking.life.scene import NOW
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import TooLate
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor


def test_a_booking_is_not_found_by_anyone_else(scene):
    booking_id = scene.booked()
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    nosy = Actor("olga", frozenset({"operator", "content"}))
    for stranger in (bob, Actor(""), Actor(bob.user_id, frozenset({"consultant"})), nosy):
        for deed in (actions.cancel_booking, actions.join_session, actions.begin_session, actions.complete_session):
            with pytest.raises(NotFound):
                scene.do(deed, who=stranger, booking_id=booking_id)
        with pytest.raises(NotFound):
            scene.do(actions.write_brief, who=stranger, booking_id=booking_id, brief="", sensitive=False)
        with Session() as db, pytest.raises(NotFound):
            queries.booking(db, booking_id, stranger, NOW)
        with Session() as db:
            assert queries.bookings_of(db, stranger, NOW) == []
    for reader in (scene.ada, scene.grace.actor, Actor("olga", frozenset({"operator", "support"}))):
        with Session() as db:
            assert queries.booking(db, booking_id, reader, NOW).id == booking_id


def test_who_may_see_a_booking_at_the_desk_does_not_act_in_it(scene):
    booking_id, sam = scene.booked(), Actor("sam", frozenset({"operator", "support"}))
    for deed in (actions.join_session, actions.begin_session, actions.stop_waiting, actions.complete_session):
        with pytest.raises(NotFound):
            scene.do(deed, who=sam, booking_id=booking_id, at=scene.start)
    with pytest.raises(NotFound):
        scene.do(actions.reschedule_booking, who=sam, booking_id=booking_id, start=scene.start)
    assert scene.do(actions.cancel_booking, who=sam, booking_id=booking_id) == scene.view(booking_id).price


def test_the_brief_is_the_clients_until_the_session_begins(scene):
    booking_id = scene.booked()
    with pytest.raises(NotFound):
        scene.do(actions.write_brief, who=scene.grace.actor, booking_id=booking_id, brief="x", sensitive=False)
    scene.do(actions.write_brief, who=scene.ada, booking_id=booking_id, brief=" y ", sensitive=True)
    assert (make.brief_of(booking_id), scene.view(booking_id).sensitive) == ("y", True)
    scene.begin(booking_id, scene.start)
    with pytest.raises(TooLate):
        scene.do(actions.write_brief, who=scene.ada, booking_id=booking_id, brief="z", sensitive=False)
