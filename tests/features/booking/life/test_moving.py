"""Another time for a session: who may move it, where to, and what a cancellation gives back afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from tests import make
from tests.features.booking.life.scene import HOUR, MINUTE, NOW, PRICE, SECOND
from zhixun.events.booking import BookingMoved
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import MovedMeanwhile, TooCloseToMove, TooLate, TooManyMoves
from zhixun.features.booking.rules import MOVES_MAX, State
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.features.scheduling.models import TakenTime
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money

OPERATOR = Actor("olga", frozenset({"operator", "administrator"}))
DAY = 24 * HOUR


@pytest.fixture
def move(scene):
    def move(booking_id, start, *, who=None, at=NOW, seen=None):
        return scene.do(
            actions.reschedule_booking,
            who=who or scene.ada,
            at=at,
            booking_id=booking_id,
            start=start,
            seen_start=seen,
        )

    return move


def later(scene, number=12):
    with unit_of_work(now=NOW) as uow:
        return make.slot(uow, scene.grace, after=scene.start, number=number)


def test_who_moves_gives_the_old_time_back_and_has_the_new_one(scene, move):
    booking_id, start = scene.booked(), later(scene)
    assert move(booking_id, start) == start
    assert scene.facts == [BookingMoved]
    seen = scene.view(booking_id)
    assert (seen.state, seen.starts_at, seen.ends_at - seen.starts_at) == (State.CONFIRMED, start, HOUR)
    assert (seen.first_starts_at, seen.moves) == (scene.start, 1)
    assert scene.is_free()
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    with pytest.raises(SlotTaken):
        scene.ask(who=bob, start=start)
    with Session() as db:
        assert [step.starts_at for step in queries.timeline(db, booking_id)] == [None, None, None, start]
    assert scene.money(booking_id) == (48_000, 0, 0, 0)


def test_moving_to_the_same_time_twice_is_moving_once(scene, move):
    booking_id, start = scene.booked(), later(scene)
    for _ in range(2):
        assert move(booking_id, start, seen=scene.start) == start
    assert scene.facts == []
    assert scene.view(booking_id).moves == 1


@pytest.mark.parametrize(
    ("before", "back"), [(24 * HOUR, 48_000), (24 * HOUR - SECOND, 24_000), (2 * HOUR, 24_000), (HOUR, 0)]
)
def test_moving_starts_no_new_clock_for_what_comes_back(scene, move, before, back):
    booking_id = scene.booked()
    move(booking_id, later(scene, 30))
    at = scene.start - before
    assert scene.view(booking_id, at=at).refund_now == Money(back)
    assert scene.cancel(booking_id, at=at) == Money(back)
    assert scene.money(booking_id) == (48_000 - back, back, 0, 0)


def test_moved_to_an_earlier_time_the_ladder_ends_with_the_session(scene, move):
    booking_id = scene.booked()
    with unit_of_work(now=NOW) as uow:
        soon = make.slot(uow, scene.grace, after=NOW + 3 * HOUR)
    move(booking_id, soon)
    assert all(step.until is None or step.until <= soon for step in scene.view(booking_id).ladder)
    assert scene.cancel(booking_id, at=soon - MINUTE) == PRICE


def test_whom_the_consultant_moves_may_say_no_and_get_everything_back(scene, move):
    booking_id, start = scene.booked(), later(scene, 30)
    moved_at = scene.start - 5 * HOUR
    move(booking_id, start, who=scene.grace.actor, at=moved_at)
    free = scene.view(booking_id).free_until
    assert free == max(start - DAY, moved_at + DAY)
    assert scene.view(booking_id, at=moved_at).ladder[0].until == free
    assert scene.view(booking_id, at=free).refund_now == PRICE
    assert scene.view(booking_id, at=free + SECOND).refund_now == Money(0)
    assert scene.cancel(booking_id, at=free) == PRICE


def test_who_then_moves_it_themselves_has_agreed(scene, move):
    booking_id = scene.booked()
    move(booking_id, later(scene, 30), who=scene.grace.actor)
    move(booking_id, later(scene, 31))
    assert scene.view(booking_id).free_until is None
    assert scene.view(booking_id, at=scene.start).refund_now == Money(0)


def test_a_client_moves_three_times_and_until_two_hours_before(scene, move):
    booking_id = scene.booked()
    with pytest.raises(TooCloseToMove):
        move(booking_id, later(scene), at=scene.start - 2 * HOUR + SECOND)
    for number in range(MOVES_MAX):
        move(booking_id, later(scene, 10 + number))
    with pytest.raises(TooManyMoves):
        move(booking_id, later(scene, 20))
    move(booking_id, later(scene, 20), who=scene.grace.actor)
    with pytest.raises(NotFound):  # the desk sees it, and may cancel it; when people meet is for the two to say
        move(booking_id, later(scene, 21), who=OPERATOR)


def test_only_what_is_offered_can_be_moved_to_and_a_refusal_changes_nothing(scene, move):
    booking_id = scene.booked()
    other = scene.ask(start=later(scene))
    with pytest.raises(SlotTaken) as refused:
        move(booking_id, later(scene, 0) if scene.view(other).starts_at is None else scene.view(other).starts_at)
    assert len(refused.value.extra["alternatives"]) == 3
    for wrong in (scene.start + MINUTE, NOW - HOUR, scene.start + 400 * DAY):
        with pytest.raises(NotOffered):
            move(booking_id, wrong)
    with pytest.raises(Invalid):
        move(booking_id, later(scene).replace(tzinfo=None))
    assert scene.view(booking_id).starts_at == scene.start
    assert not scene.is_free()


def test_a_session_may_move_into_its_own_time(scene, move):
    with unit_of_work(now=NOW) as uow:
        half = make.add_service(uow, scene.grace.id, interval_minutes=30)
    booking_id = scene.ask(service_id=half)
    scene.pay(booking_id)
    scene.confirm(booking_id)
    assert move(booking_id, scene.start + 30 * MINUTE) == scene.start + 30 * MINUTE


def test_only_what_is_confirmed_and_has_not_begun_is_moved(scene, move):
    held, start = scene.ask(start=scene.start + HOUR), later(scene)
    with pytest.raises(TooLate):
        move(held, start)
    booking_id = scene.booked()
    for who in (scene.ada, scene.grace.actor):
        with pytest.raises(TooLate):
            move(booking_id, start, who=who, at=scene.start)
    scene.cancel(booking_id)
    with pytest.raises(TooLate):
        move(booking_id, start)
    with pytest.raises(NotFound):
        move(scene.ask(start=scene.start + 2 * HOUR), start, who=Actor("bob"))


def test_who_saw_another_time_is_told_and_moves_nothing(scene, move):
    booking_id = scene.booked()
    move(booking_id, later(scene), who=scene.grace.actor)
    with pytest.raises(MovedMeanwhile):
        move(booking_id, later(scene, 14), seen=scene.start)
    assert scene.view(booking_id).moves == 1


def test_the_database_itself_refuses_a_move_onto_a_taken_time(scene):
    first, start = scene.booked(), later(scene)
    second = scene.ask(start=start)
    with unit_of_work(now=NOW) as uow:
        during = uow.db.get(TakenTime, second).during
    with pytest.raises(IntegrityError, match="no_overlap"), unit_of_work(now=NOW) as uow:
        uow.db.execute(update(TakenTime).where(TakenTime.hold_id == first).values(during=during))
    with pytest.raises(IntegrityError, match="check"), unit_of_work(now=NOW) as uow:
        uow.db.execute(text("UPDATE booking_bookings SET moves = 0, moves_by_client = 1"))


def test_a_moved_session_is_held_at_its_new_time_only(scene, move):
    booking_id, start = scene.booked(), later(scene)
    move(booking_id, start)
    for who in (scene.ada, scene.grace.actor):
        scene.join(booking_id, who, scene.start)
    assert scene.tick(booking_id, scene.start + HOUR) is State.CONFIRMED
    for who in (scene.ada, scene.grace.actor):
        scene.join(booking_id, who, start)
    assert scene.view(booking_id).state is State.IN_PROGRESS
    assert scene.tick(booking_id, start + HOUR) is State.COMPLETED
