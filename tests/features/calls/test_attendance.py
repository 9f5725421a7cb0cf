"""Who was there, from signs of life; shown to both alike, stated once, and counted by the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.events.calls import AttendanceRecorded, BothPresent
from zhixun.features.booking import actions as bookings
from zhixun.features.calls import actions, queries, rules
from zhixun.features.calls.actions import RoomClosed
from zhixun.features.calls.models import Presence
from zhixun.features.calls.rules import Stay
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor

STARTS = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def minutes(*pairs: tuple[float, float]) -> list[tuple[datetime, datetime]]:
    return [(STARTS + one * MINUTE, STARTS + other * MINUTE) for one, other in pairs]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([], []),
        ([(0, 10)], [(0, 10)]),
        ([(0, 10), (12, 20)], [(0, 20)]),  # two minutes exactly: never away
        ([(0, 10), (12.1, 20)], [(0, 10), (12.1, 20)]),
        ([(12, 20), (0, 10)], [(0, 20)]),
        ([(0, 30), (5, 10)], [(0, 30)]),
        ([(5, 4)], [(5, 5)]),
    ],
)
def test_who_is_back_within_two_minutes_was_never_away(seen, expected):
    assert rules.stays(minutes(*seen)) == [Stay(*pair) for pair in minutes(*expected)]


spans = st.lists(
    st.tuples(st.integers(0, 120), st.integers(0, 30)).map(lambda one: (one[0], one[0] + one[1])), max_size=8
)


@given(spans, spans)
def test_both_together_is_symmetric_and_never_longer_than_either(one, other):
    a, b = rules.stays(minutes(*one)), rules.stays(minutes(*other))
    both = rules.together(a, b)
    assert rules.seconds_of(both) == rules.seconds_of(rules.together(b, a))
    assert rules.seconds_of(both) <= min(rules.seconds_of(a), rules.seconds_of(b))
    assert all(first.left_at <= second.joined_at for first, second in pairwise(both))


@pytest.fixture
def booked(db_url: str) -> tuple[Actor, Actor, str]:
    with unit_of_work(now=make.NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        return ada, grace.actor, make.paid_booking(uow, client=ada, consultant=grace, start=STARTS)


def here(who: Actor, booking_id: str, at: datetime) -> list:
    with unit_of_work(who, now=at) as uow:
        actions.come_in(uow, booking=queries.own_booking(uow.db, booking_id, who, at))
        return list(uow.facts)


def gone(who: Actor, booking_id: str, at: datetime) -> None:
    with unit_of_work(who, now=at) as uow:
        actions.go_out(uow, booking=queries.own_booking(uow.db, booking_id, who, at))


def complete(booking_id: str, at: datetime) -> list:
    with unit_of_work(now=at) as uow:
        bookings.pass_time(uow, booking_id=booking_id)
    with unit_of_work(now=at) as uow:
        actions.record_attendance(uow, booking_id=booking_id)
        return list(uow.facts)


def attendance(booking_id: str, at: datetime) -> queries.Attendance:
    with Session() as db:
        return queries.attendance(db, booking_id, SYSTEM, at)


def test_both_minutes_count_from_the_beginning_to_the_end(booked):
    ada, grace, booking_id = booked
    here(grace, booking_id, STARTS - 8 * MINUTE)
    for minute in range(-7, 70):
        here(grace, booking_id, STARTS + minute * MINUTE) if minute < 60 else None
        here(ada, booking_id, STARTS + minute * MINUTE) if 2 < minute < 41 else None  # at 3 it begins
    gone(ada, booking_id, STARTS + 40.5 * MINUTE)
    [fact] = [one for one in complete(booking_id, STARTS + 60 * MINUTE) if isinstance(one, AttendanceRecorded)]
    assert (fact.client_seconds, fact.both_seconds) == (37.5 * 60, 37.5 * 60)
    assert fact.consultant_seconds == 57 * 60
    found = attendance(booking_id, STARTS + 300 * MINUTE)
    assert found.both_seconds == fact.both_seconds
    assert found.consultant == (Stay(STARTS - 8 * MINUTE, STARTS + 60 * MINUTE),)


def test_a_reload_and_a_second_tab_change_nothing(booked):
    ada, grace, booking_id = booked
    here(grace, booking_id, STARTS)
    here(ada, booking_id, STARTS)
    for minute in range(1, 11):
        here(ada, booking_id, STARTS + minute * MINUTE)
        gone(ada, booking_id, STARTS + minute * MINUTE + SECOND)
        here(ada, booking_id, STARTS + minute * MINUTE + 2 * SECOND)
    gone(ada, booking_id, STARTS + 11 * MINUTE)
    assert attendance(booking_id, STARTS + 12 * MINUTE).client == (Stay(STARTS, STARTS + 11 * MINUTE),)


def test_who_vanishes_without_a_word_was_there_until_the_last_sign_of_life(booked):
    ada, grace, booking_id = booked
    here(grace, booking_id, STARTS)
    here(ada, booking_id, STARTS)
    here(ada, booking_id, STARTS + MINUTE)
    assert attendance(booking_id, STARTS + 2 * MINUTE).client == (Stay(STARTS, STARTS + 2 * MINUTE),)
    assert attendance(booking_id, STARTS + 20 * MINUTE).client == (Stay(STARTS, STARTS + MINUTE),)
    here(ada, booking_id, STARTS + 20 * MINUTE)
    with Session() as db:
        open_ = db.scalars(select(Presence).where(Presence.user_id == ada.user_id, Presence.left_at.is_(None))).all()
    assert [row.joined_at for row in open_] == [STARTS + 20 * MINUTE]


def test_that_both_are_there_is_stated_once(booked):
    ada, grace, booking_id = booked
    assert not [one for one in here(ada, booking_id, STARTS - MINUTE) if isinstance(one, BothPresent)]
    [fact] = [one for one in here(grace, booking_id, STARTS - MINUTE + SECOND) if isinstance(one, BothPresent)]
    assert (fact.booking_id, fact.client_id, fact.consultant_id) == (booking_id, ada.user_id, grace.user_id)
    gone(ada, booking_id, STARTS)
    assert not [one for one in here(ada, booking_id, STARTS + MINUTE) if isinstance(one, BothPresent)]


def test_two_who_just_missed_each_other_were_never_together(booked):
    ada, grace, booking_id = booked
    here(ada, booking_id, STARTS - 5 * MINUTE)
    facts = here(grace, booking_id, STARTS - 2 * MINUTE)
    assert not [one for one in facts if isinstance(one, BothPresent)]


def test_the_record_is_written_once(booked):
    ada, grace, booking_id = booked
    here(grace, booking_id, STARTS)
    here(ada, booking_id, STARTS)
    first = complete(booking_id, STARTS + 60 * MINUTE)
    with unit_of_work(now=STARTS + 61 * MINUTE) as uow:
        actions.record_attendance(uow, booking_id=booking_id)
        assert uow.facts == []
    assert [one.both_seconds for one in first if isinstance(one, AttendanceRecorded)] == [90]  # one sign of life each


def test_nobody_is_counted_in_a_room_that_is_closed_or_not_theirs(booked):
    ada, _, booking_id = booked
    with unit_of_work(now=make.NOW) as uow:
        bob = make.client(uow, "Bob")
        bookings.cancel_booking(make.acting(uow, ada), booking_id=booking_id)
    with pytest.raises(NotFound):
        here(bob, booking_id, STARTS)
    with pytest.raises(RoomClosed):
        here(ada, booking_id, STARTS)
    with Session() as db:
        assert db.scalars(select(Presence)).all() == []


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def test_both_see_the_same_attendance_on_the_page_of_the_session(app, booked):
    ada, grace, booking_id = booked
    assert "Who was there" not in words(Visitor(app, ada, english=True).get(f"/sessions/{booking_id}"))
    here(grace, booking_id, STARTS)
    here(ada, booking_id, STARTS)
    for who in (ada, grace):
        for minute in range(1, 30):
            here(who, booking_id, STARTS + minute * MINUTE)
    complete(booking_id, STARTS + 60 * MINUTE)
    for who in (ada, grace):
        answer = Visitor(app, who, english=True).get(f"/sessions/{booking_id}")
        assert statements(answer) <= STATEMENTS_MAX
        assert "Both on the line for 30 minutes." in words(answer)  # until 90 seconds after the last sign of life


def test_the_devices_page_is_for_the_two_and_only_while_the_room_is_ahead(app, booked):
    ada, grace, booking_id = booked
    with unit_of_work() as uow:
        bob = make.operator(uow, "Bob")
    for who, status in ((ada, 200), (grace, 200), (bob, 404), (None, 303)):
        for page in ("devices", "call"):
            assert Visitor(app, who).get(f"/sessions/{booking_id}/{page}").status_code == status
    with unit_of_work(ada, now=make.NOW) as uow:
        bookings.cancel_booking(uow, booking_id=booking_id)
    assert Visitor(app, ada).get(f"/sessions/{booking_id}/devices").status_code == 404
    assert Visitor(app, ada).get(f"/sessions/{booking_id}/call").status_code == 409
    assert Visitor(app, ada).get("/sessions/nonsense/devices").status_code == 404


def test_each_is_told_their_part_and_their_own_way_in(app, booked):
    ada, grace, booking_id = booked
    to_ada, to_grace = (Visitor(app, who).get(f"/sessions/{booking_id}/call").get_json() for who in (ada, grace))
    assert (to_ada["polite"], to_grace["polite"]) == (True, False)
    assert to_ada["ice_servers"] == []
    assert to_ada["relay_only"] is False


def test_a_stay_of_the_past_is_noted_once_and_by_the_system_only(booked):
    ada, _, booking_id = booked
    stay = {"booking_id": booking_id, "user_id": ada.user_id, "joined_at": STARTS, "left_at": STARTS + MINUTE}
    for _ in range(2):
        with unit_of_work(now=STARTS + MINUTE) as uow:
            actions.note_stay(uow, **stay)
    assert attendance(booking_id, STARTS + 2 * MINUTE).client == (Stay(STARTS, STARTS + MINUTE),)
    with pytest.raises(AssertionError), unit_of_work(ada) as uow:
        actions.note_stay(uow, **stay)
