"""Who waits for a seat in a full group session is offered what becomes free: in order, once, to one at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
import time_machine

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.actions import GroupClosed, GroupFull, GroupWish, OwnService, SeatedAlready
from zhixun.features.booking.rules import State as Booked
from zhixun.features.waitlist import actions, queries, rules
from zhixun.features.waitlist.actions import SeatOver, SeatsFree, WaitsForSeat
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, Words, new_id

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
START = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"


class Full:
    """Grace's group session of two seats, both paid for by Bob0 and Bob1; the others want one."""

    def __init__(self, waiting: int = 3) -> None:
        outbox.forget_all()
        with unit_of_work(now=NOW) as uow:
            self.grace = make.consultant(uow)
            self.bobs = [make.client(uow, f"Bob{number}") for number in range(2)]
            self.people = [make.client(uow, f"Carl{number}") for number in range(waiting)]
        self.id = new_id()
        wish = GroupWish(Words("Interview practice"), START, 60, Money(12_000), 2, 1, START - 24 * HOUR)
        with unit_of_work(self.grace.actor, now=NOW) as uow:
            bookings.set_group(uow, group_id=self.id, wish=wish)
        self.paid = [self.pay(self.seat(who)) for who in self.bobs]

    def seat(self, who: Actor, at: datetime = NOW) -> str:
        with unit_of_work(who, now=at) as uow:
            return bookings.take_seat(uow, booking_id=new_id(), group_id=self.id).booking_id

    def pay(self, booking_id: str) -> str:
        with unit_of_work(now=NOW) as uow:
            make.pay(uow, booking_id)
            bookings.confirm_if_paid(uow, booking_id=booking_id)
        return booking_id

    def join(self, who: Actor, *, at: datetime = NOW, zone: str = SHANGHAI, place_id: str = "") -> str:
        name = place_id or new_id()
        with unit_of_work(who, now=at) as uow:
            actions.join_for_seat(uow, place_id=name, group_id=self.id, zone=zone)
        return name

    def free(self, number: int = 0) -> None:
        with unit_of_work(self.bobs[number], now=NOW) as uow:
            bookings.cancel_booking(uow, booking_id=self.paid[number])

    def pass_on(self, at: datetime = NOW) -> int:
        with unit_of_work(now=at) as uow:
            return actions.pass_on(uow, consultant_id=self.grace.id)

    def accept(self, who: Actor, place_id: str, at: datetime = NOW) -> str:
        with unit_of_work(who, now=at) as uow:
            return actions.accept_seat(uow, place_id=place_id).booking_id

    def kept(self, who: Actor, at: datetime = NOW) -> bool:
        with Session() as db:
            return any(one.kept_until for one in queries.seat_places_of(db, who.user_id, at))

    def waits(self, who: Actor) -> bool:
        with Session() as db:
            return bool(queries.seat_places_of(db, who.user_id, NOW))


@pytest.fixture
def full(db_url: str) -> Full:
    return Full()


def test_a_freed_seat_is_kept_for_the_first_alone_and_becomes_a_booking(full: Full) -> None:
    ada, carl, dora = full.people
    first, second = full.join(ada), full.join(carl, at=NOW + MINUTE)
    assert full.pass_on() == 0
    full.free()
    assert (full.pass_on(NOW + MINUTE), full.pass_on(NOW + MINUTE)) == (1, 0)
    assert (full.kept(ada), full.kept(carl)) == (True, False)
    with pytest.raises(GroupFull):
        full.seat(dora)
    with pytest.raises(SeatOver):
        full.accept(carl, second)
    booked = full.accept(ada, first)
    assert full.accept(ada, first) == booked
    full.pay(booked)
    with Session() as db:
        assert booking_queries.booking(db, booked, SYSTEM, NOW).state is Booked.CONFIRMED
    assert not full.waits(ada)


def test_a_seat_nobody_answers_for_passes_to_the_next_by_the_clock(full: Full) -> None:
    ada, carl, _ = full.people
    first = full.join(ada)
    full.join(carl, at=NOW + MINUTE)
    full.free()
    full.pass_on(NOW + MINUTE)
    later = NOW + MINUTE + rules.OFFER
    assert full.pass_on(later - MINUTE) == 0
    assert full.pass_on(later) == 1
    assert (full.waits(ada), full.kept(carl, later)) == (False, True)
    with pytest.raises(SeatOver):
        full.accept(ada, first, later)
    full.pass_on(later + rules.OFFER)
    assert full.seat(full.people[2], later + rules.OFFER), "both have been asked: the seat is free for all"


def test_who_leaves_lets_the_seat_pass_on_at_once(full: Full) -> None:
    ada, carl, _ = full.people
    first = full.join(ada)
    full.join(carl, at=NOW + MINUTE)
    full.free()
    full.pass_on(NOW + MINUTE)
    for _ in range(2):
        with unit_of_work(ada, now=NOW + MINUTE) as uow:
            actions.leave_seat(uow, place_id=first)
    assert (full.kept(ada), full.kept(carl)) == (False, True)


def test_nobody_is_asked_in_their_night_and_keeps_the_place(full: Full) -> None:
    ada, carl, _ = full.people
    full.join(ada, zone="America/New_York")  # 23:00 there
    full.join(carl, at=NOW + MINUTE)
    full.free()
    assert full.pass_on(NOW + MINUTE) == 1
    assert (full.kept(ada), full.kept(carl)) == (False, True)
    full.free(1)
    assert full.pass_on(NOW + 2 * MINUTE) == 0
    assert full.pass_on(NOW + 10 * HOUR) == 1
    assert full.kept(ada, NOW + 10 * HOUR)


def test_joining_is_refused_where_it_makes_no_sense(full: Full) -> None:
    ada, carl, dora = full.people
    place = full.join(ada)
    full.join(ada, place_id=place)
    for who, refusal in ((ada, WaitsForSeat), (full.bobs[0], SeatedAlready), (full.grace.actor, OwnService)):
        with pytest.raises(refusal):
            full.join(who)
    with pytest.raises(NotFound):
        full.join(carl, place_id=place)
    with pytest.raises(Invalid):
        full.join(carl, place_id="nonsense")
    with pytest.raises(GroupClosed):
        full.join(carl, at=START - 10 * MINUTE)
    for deed in (actions.leave_seat, actions.accept_seat):
        with pytest.raises(NotFound), unit_of_work(carl, now=NOW) as uow:
            deed(uow, place_id=place)
    with unit_of_work(ada, now=NOW) as uow:
        actions.leave_seat(uow, place_id=place)
    full.free()
    with pytest.raises(SeatsFree):
        full.join(dora)


def test_a_list_ends_with_its_group(full: Full) -> None:
    ada, carl, _ = full.people
    place = full.join(ada)
    full.join(carl, at=NOW + MINUTE)
    full.free()
    full.pass_on(NOW + MINUTE)
    with unit_of_work(full.grace.actor, now=NOW) as uow:
        bookings.cancel_group(uow, group_id=full.id)
    with pytest.raises(GroupClosed):
        full.accept(ada, place, NOW + MINUTE)
    assert full.pass_on(NOW + MINUTE) == 0
    assert not full.waits(ada)
    assert not full.waits(carl)


def together(tasks: list[Callable[[], object]]) -> list[object]:
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return task()
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_of_many_who_take_accept_and_pass_on_at_once_no_seat_has_two(db_url: str) -> None:
    full = Full(waiting=6)
    ada, carl, *rush = full.people
    first = full.join(ada)
    full.join(carl, at=NOW + MINUTE)
    full.free()
    full.pass_on(NOW + MINUTE)
    full.free(1)
    at = NOW + 2 * MINUTE
    done = together([
        lambda: full.accept(ada, first, at), lambda: full.accept(ada, first, at), *[lambda: full.pass_on(at)] * 4,
        *[lambda who=who: full.seat(who, at) for who in rush],
    ])  # fmt: skip
    assert not [one for one in done if isinstance(one, Exception) and not isinstance(one, GroupFull)]
    assert done[0] == done[1]
    taken = sum(isinstance(one, str) for one in done[6:])
    assert taken + full.kept(carl, at) == 1, "the second seat has exactly one"
    with Session() as db:
        assert booking_queries.group(db, full.id, at).seats_left == 0


@pytest.mark.parametrize("english", [False, True])
def test_it_is_joined_answered_and_left_on_the_pages(db_url: str, tmp_path: Path, english: bool) -> None:
    with time_machine.travel(NOW, tick=False):
        app = house(db_url, tmp_path)
        full = Full()
        ada, carl, _ = full.people
        mine, theirs = Visitor(app, ada, english=english), Visitor(app, carl, english=english)
        assert f"/waitlist/groups/{full.id}" in mine.get(f"/groups/{full.id}").text
        assert mine.get(f"/waitlist/groups/{full.id}").status_code == 200
        joined = mine.post(f"/waitlist/groups/{full.id}")
        assert "Interview practice" in words(mine.follow(joined))
        assert mine.post(f"/waitlist/groups/{full.id}").status_code == 409
        theirs.post(f"/waitlist/groups/{full.id}")
        full.free()
        full.pass_on()
        shown = mine.get("/me/waitlist")
        assert ("30:00" in shown.text, statements(shown) <= STATEMENTS_MAX) == (True, True)
        with Session() as db:
            [place] = queries.seat_places_of(db, ada.user_id, NOW)
            [other] = queries.seat_places_of(db, carl.user_id, NOW)
        taken = mine.post(f"/waitlist/seats/{place.id}/acceptance")
        assert "/checkout" in taken.headers["Location"]
        early = theirs.follow(theirs.post(f"/waitlist/seats/{other.id}/acceptance"))
        assert early.status_code == 200
        theirs.post(f"/waitlist/seats/{other.id}/leaving")
        assert "Interview practice" not in words(theirs.get("/me/waitlist"))
        for address in (f"/waitlist/groups/{new_id()}", "/waitlist/groups/nonsense"):
            assert mine.get(address).status_code == 404
        assert theirs.post(f"/waitlist/seats/{place.id}/leaving").status_code == 404
