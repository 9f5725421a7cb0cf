"""The session itself: who comes, who does not, and how it ends."""

from __future__ import annotations

import pytest

from tests.features.booking.life.scene import HOUR, MINUTE, NOW, QUARTER, SECOND
from zhixun.events.booking import SessionBegan, SessionCompleted, SessionMissed
from zhixun.features.booking import actions
from zhixun.features.booking.actions import ConsultantsTurn, NotYet, TooLate
from zhixun.features.booking.rules import State


def test_both_there_at_the_time_begins_the_session(scene):
    booking_id = scene.booked()
    assert scene.join(booking_id, scene.ada, scene.start - 5 * MINUTE) is State.CONFIRMED
    assert scene.join(booking_id, scene.grace.actor, scene.start - MINUTE) is State.CONFIRMED
    assert scene.join(booking_id, scene.ada, scene.start) is State.IN_PROGRESS
    assert scene.facts == [SessionBegan]
    assert scene.view(booking_id).client_joined_at == scene.start - 5 * MINUTE


def test_both_there_begins_it_by_the_clock_and_ends_it_by_the_clock(scene):
    booking_id = scene.booked()
    scene.join(booking_id, scene.ada, scene.start - 5 * MINUTE)
    scene.join(booking_id, scene.grace.actor, scene.start - MINUTE)
    assert scene.tick(booking_id, scene.start - SECOND) is State.CONFIRMED
    assert scene.tick(booking_id, scene.start) is State.IN_PROGRESS
    assert scene.tick(booking_id, scene.start + HOUR) is State.COMPLETED
    assert scene.facts == [SessionCompleted]


def test_a_clock_that_slept_catches_up_at_once(scene):
    booking_id = scene.booked()
    scene.join(booking_id, scene.ada, scene.start)
    scene.join(booking_id, scene.grace.actor, scene.start - MINUTE)
    assert scene.tick(booking_id, scene.start + 5 * HOUR) is State.COMPLETED
    assert scene.steps(booking_id)[-2:] == [State.IN_PROGRESS, State.COMPLETED]


def test_a_session_starts_early_only_when_both_are_there_now(scene):
    booking_id = scene.booked()
    early = scene.start - QUARTER
    scene.join(booking_id, scene.ada, early - SECOND)
    with pytest.raises(NotYet, match="at most 15 minutes before"):
        scene.begin(booking_id, early - SECOND)
    assert scene.begin(booking_id, early) is State.IN_PROGRESS
    assert scene.begin(booking_id, early) is State.IN_PROGRESS
    assert scene.facts == []


def test_a_client_who_looked_in_a_while_ago_is_not_there(scene):
    booking_id = scene.booked()
    with pytest.raises(NotYet, match="not here yet"):
        scene.begin(booking_id, scene.start - MINUTE)
    scene.join(booking_id, scene.ada, scene.start - 17 * MINUTE)
    with pytest.raises(NotYet, match="not here yet"):
        scene.begin(booking_id, scene.start - MINUTE)


def test_only_the_consultant_starts_and_only_what_is_confirmed(scene):
    booking_id = scene.ask()
    with pytest.raises(TooLate):
        scene.begin(booking_id, NOW)
    with pytest.raises(ConsultantsTurn):
        scene.begin(booking_id, scene.start, who=scene.ada)
    assert scene.join(booking_id, scene.ada, scene.start) is State.HELD
    assert scene.view(booking_id).client_joined_at is None


def test_looks_into_the_room_days_before_are_no_attendance(scene):
    booking_id = scene.booked()
    for who in (scene.ada, scene.grace.actor):
        scene.join(booking_id, who, NOW + HOUR)
    assert scene.tick(booking_id, scene.start) is State.CONFIRMED
    assert scene.tick(booking_id, scene.start + QUARTER) is State.NO_SHOW
    assert scene.view(booking_id).ended_reason == "consultant"


def test_either_of_the_two_ends_what_has_begun_once(scene):
    booking_id = scene.booked()
    with pytest.raises(NotYet):
        scene.complete(booking_id, scene.start)
    scene.begin(booking_id, scene.start)
    assert scene.complete(booking_id, scene.start + HOUR, who=scene.ada) is State.COMPLETED
    assert scene.facts == [SessionCompleted]
    assert scene.complete(booking_id, scene.start + 2 * HOUR, who=scene.grace.actor) is State.COMPLETED
    assert scene.facts == []
    assert scene.view(booking_id).completed_at == scene.start + HOUR


def test_a_consultant_alone_cannot_end_before_a_client_could_be_late(scene):
    booking_id = scene.booked()
    scene.join(booking_id, scene.ada, scene.start - 2 * HOUR)
    scene.begin(booking_id, scene.start)
    with pytest.raises(NotYet):
        scene.complete(booking_id, scene.start + QUARTER - SECOND, who=scene.grace.actor)
    assert scene.complete(booking_id, scene.start + QUARTER, who=scene.grace.actor) is State.COMPLETED


@pytest.mark.parametrize("early", [0 * HOUR, QUARTER])
def test_a_consultant_ends_as_they_like_once_the_client_has_come(scene, early):
    booking_id = scene.booked()
    scene.join(booking_id, scene.ada, scene.start - early - MINUTE)
    scene.begin(booking_id, scene.start - early)
    assert scene.complete(booking_id, scene.start - early + MINUTE, who=scene.grace.actor) is State.COMPLETED


def test_who_joins_a_session_that_runs_already_is_noted(scene):
    booking_id = scene.booked()
    scene.begin(booking_id, scene.start)
    assert scene.join(booking_id, scene.ada, scene.start + 5 * MINUTE) is State.IN_PROGRESS
    assert scene.view(booking_id).client_joined_at == scene.start + 5 * MINUTE


@pytest.mark.parametrize(
    ("comes", "absent", "money"),
    [("ada", "consultant", (0, 48_000, 0, 0)), ("grace", "client", (48_000, 0, 0, 0)), ("nobody", "consultant", (0, 48_000, 0, 0))],
)  # fmt: skip
def test_who_does_not_come_pays_for_it(scene, comes, absent, money):
    booking_id = scene.booked()
    if comes != "nobody":
        scene.join(booking_id, {"ada": scene.ada, "grace": scene.grace.actor}[comes], scene.start - MINUTE)
    assert scene.tick(booking_id, scene.start + QUARTER - SECOND) is State.CONFIRMED
    assert scene.tick(booking_id, scene.start + QUARTER) is State.NO_SHOW
    assert SessionMissed in scene.facts
    assert scene.tick(booking_id, scene.start + HOUR) is State.NO_SHOW
    assert scene.view(booking_id).ended_reason == absent
    assert scene.money(booking_id) == money
    scene.do(actions.release_money, booking_id=booking_id, at=scene.start + 60 * HOUR)
    earned = (0, 0, 42_240, 5_760) if absent == "client" else money
    assert scene.money(booking_id) == earned


def test_after_the_end_nothing_can_be_begun_completed_or_cancelled(scene):
    missed = scene.booked()
    scene.tick(missed, scene.start + QUARTER)
    for deed in (scene.complete, scene.begin, scene.cancel):
        with pytest.raises(TooLate):
            deed(missed, scene.start + QUARTER)
    assert scene.join(missed, scene.ada, scene.start + QUARTER) is State.NO_SHOW
