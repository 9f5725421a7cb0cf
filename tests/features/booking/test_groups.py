"""Group sessions: never more seats than there are, and every seat a booking of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine

from tests import make
from zhixun.events.booking import BookingCancelled, BookingExpired, BookingFact
from zhixun.features.booking import actions, handlers, jobs, queries
from zhixun.features.booking.actions import BookingMade, GroupClosed, GroupFull, GroupWish, SeatedAlready
from zhixun.features.booking.rules import State
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_of, refunds_account
from zhixun.features.messaging import actions as messaging
from zhixun.features.messaging import queries as talks
from zhixun.features.scheduling.actions import HoldIdUsed, SlotTaken
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, Words, new_id

NOW = make.NOW
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
"""Three days on, 19:00 in Shanghai: not an hour that Grace offers."""
WISH = GroupWish(Words("Interview practice"), START, 60, Money(12_000), 4, 2, START - 24 * HOUR)


@pytest.fixture
def grace(db_url) -> make.ConsultantMade:
    outbox.forget_all()
    with unit_of_work(now=NOW) as uow:
        return make.consultant(uow)


def people(count: int) -> list[Actor]:
    with unit_of_work(now=NOW) as uow:
        return [make.client(uow, f"Bob{number}") for number in range(count)]


def group_of(grace: make.ConsultantMade, **terms) -> str:
    name = new_id()
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.set_group(uow, group_id=name, wish=replace(WISH, **terms))
    return name


def seat(who: Actor, group_id: str, *, now=NOW, booking_id: str = "") -> BookingMade:
    with unit_of_work(who, now=now) as uow:
        return actions.take_seat(uow, booking_id=booking_id or new_id(), group_id=group_id)


def paid(who: Actor, group_id: str, *, now=NOW) -> str:
    made = seat(who, group_id, now=now)
    return pay(made.booking_id, now=now)


def pay(booking_id: str, *, now=NOW) -> str:
    with unit_of_work(now=now) as uow:
        make.pay(uow, booking_id)
        actions.confirm_if_paid(uow, booking_id=booking_id)
    return booking_id


def state(booking_id: str) -> State:
    with Session() as db:
        return queries.booking(db, booking_id, SYSTEM, NOW).state


def left(group_id: str, now=NOW) -> int:
    with Session() as db:
        return queries.group(db, group_id, now).seats_left


def money_of(account: str) -> int:
    with Session() as db:
        assert ledger.verify(db).holds
        return ledger.balance(db, account).amount_minor


def test_a_seat_is_held_paid_and_counted(grace):
    [ada], name = people(1), group_of(grace)
    made = seat(ada, name)
    assert (made.total, left(name)) == (Money(12_000), 3)
    pay(made.booking_id)
    assert (state(made.booking_id), money_of(escrow_of(made.booking_id))) == (State.CONFIRMED, 12_000)


def test_the_consultants_time_is_taken_once_and_nobody_books_over_it(grace):
    [ada] = people(1)
    ten = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    group_of(grace, start=ten, decide_at=ten - HOUR)
    with pytest.raises(SlotTaken), unit_of_work(now=NOW) as uow:
        make.held_booking(uow, client=ada, consultant=grace, start=ten)
    with pytest.raises(SlotTaken):
        group_of(grace, start=ten + HOUR / 2, decide_at=ten - HOUR)


def test_who_comes_when_every_seat_is_taken_is_told_other_dates(grace):
    name = group_of(grace, seats=2)
    other = group_of(grace, seats=2, start=START + 24 * HOUR, decide_at=START)
    ada, bob, carl = people(3)
    seat(ada, name)
    seat(bob, name)
    with pytest.raises(GroupFull) as refusal:
        seat(carl, name)
    assert refusal.value.extra["alternatives"] == ["2026-11-28T11:00:00Z"]
    assert refusal.value.extra["groups"][0]["id"] == other


def test_the_same_request_twice_is_one_seat_and_one_person_has_one(grace):
    [ada], name, booking_id = people(1), group_of(grace), new_id()
    assert seat(ada, name, booking_id=booking_id) == seat(ada, name, booking_id=booking_id)
    with pytest.raises(SeatedAlready):
        seat(ada, name)
    with pytest.raises(HoldIdUsed):
        seat(ada, group_of(grace, start=START + 24 * HOUR, decide_at=START), booking_id=booking_id)
    with pytest.raises(NotFound):
        seat(ada, new_id())
    with pytest.raises(actions.OwnService):
        seat(grace.actor, name)


def test_a_seat_not_paid_for_in_time_is_free_again_and_late_money_finds_a_seat_or_comes_back(grace):
    ada, bob, carl = people(3)
    name, later = group_of(grace, seats=2, seats_min=1), NOW + timedelta(minutes=16)
    first, second = seat(ada, name), seat(bob, name)
    assert (left(name), left(name, later)) == (0, 2)
    paid(carl, name, now=later)
    for one in (first, second):
        with unit_of_work(now=later) as uow:
            actions.pass_time(uow, booking_id=one.booking_id)
    pay(first.booking_id, now=later)
    pay(second.booking_id, now=later)
    assert (state(first.booking_id), state(second.booking_id)) == (State.CONFIRMED, State.CANCELLED)
    assert money_of(refunds_account("sandbox")) == 12_000


def test_who_lets_a_seat_lapse_may_take_one_again_and_pays_for_one_only(grace):
    [ada], later = people(1), NOW + timedelta(minutes=16)
    name = group_of(grace)
    first = seat(ada, name)
    again = paid(ada, name, now=later)
    pay(first.booking_id, now=later)
    assert (state(first.booking_id), state(again)) == (State.CANCELLED, State.CONFIRMED)


def test_a_cancelled_seat_follows_the_ladder_and_is_free_again(grace):
    [ada], name = people(1), group_of(grace)
    booking_id = paid(ada, name)
    with unit_of_work(ada, now=START - 3 * HOUR) as uow:
        assert actions.cancel_booking(uow, booking_id=booking_id) == Money(6_000)
    assert left(name) == 4


def test_a_seat_cannot_be_moved(grace):
    [ada], name = people(1), group_of(grace)
    booking_id = paid(ada, name)
    with pytest.raises(actions.TooLate) as refusal, unit_of_work(ada, now=NOW) as uow:
        actions.reschedule_booking(uow, booking_id=booking_id, start=START + HOUR)
    assert refusal.value.code == "seat_stays"


def test_with_too_few_seats_paid_it_is_called_off_by_the_clock_and_everything_comes_back(grace, monkeypatch):
    ada, bob, carl = people(3)
    name = group_of(grace)
    booking_id, unpaid = paid(ada, name), seat(bob, name)
    decide = WISH.decide_at + timedelta(minutes=1)
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: decide)
    jobs.decide_groups()
    jobs.decide_groups()
    assert (state(booking_id), state(unpaid.booking_id)) == (State.CANCELLED, State.CANCELLED)
    assert money_of(refunds_account("sandbox")) == 12_000
    pay(unpaid.booking_id, now=decide)
    assert money_of(refunds_account("sandbox")) == 24_000
    with pytest.raises(GroupClosed):
        seat(carl, name, now=decide)
    group_of(grace)  # the time is free again


def test_with_enough_it_takes_place_and_later_seats_are_still_sold(grace):
    ada, bob, carl = people(3)
    name = group_of(grace)
    ids = [paid(ada, name), paid(bob, name)]
    with unit_of_work(now=WISH.decide_at) as uow:
        assert actions.decide_group(uow, group_id=name) == "on"
    ids.append(paid(carl, name, now=START - 2 * HOUR))
    assert {state(one) for one in ids} == {State.CONFIRMED}


def test_a_consultant_calls_it_off_and_pays_everybody_back(grace):
    [ada], name = people(1), group_of(grace)
    booking_id = paid(ada, name)
    with pytest.raises(NotFound), unit_of_work(ada, now=NOW) as uow:
        actions.cancel_group(uow, group_id=name)
    for _ in range(2):
        with unit_of_work(grace.actor, now=START - HOUR) as uow:
            actions.cancel_group(uow, group_id=name)
    assert (state(booking_id), money_of(refunds_account("sandbox"))) == (State.CANCELLED, 12_000)


def test_a_consultant_who_calls_off_their_days_calls_off_the_groups_on_them(grace):
    [ada], name = people(1), group_of(grace)
    booking_id = paid(ada, name)
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.call_off_days(uow, days_off_id=new_id(), until=START.date())
    assert (state(booking_id), money_of(refunds_account("sandbox"))) == (State.CANCELLED, 12_000)
    with Session() as db:
        assert queries.group(db, name, NOW).state == "cancelled"


def ended(who: Actor, booking_id: str, *, now=NOW) -> None:
    """Someone gives a seat back, and what hears of it."""
    with unit_of_work(who, now=now) as uow:
        actions.cancel_booking(uow, booking_id=booking_id)
    hear(BookingCancelled, booking_id, now, reason="client")


def hear(fact: type[BookingFact], booking_id: str, now: datetime, **more: str) -> None:
    with Session() as db:
        view = queries.booking(db, booking_id, SYSTEM, now)
    said = fact(booking_id=booking_id, client_id=view.client_id, consultant_id=view.consultant_id, **more)
    with time_machine.travel(now, tick=False):
        for _ in range(2):
            handlers.close_emptied_group(said)


def state_of_group(group_id: str) -> tuple[str, str | None]:
    with Session() as db:
        found = queries.group(db, group_id, NOW)
        return found.state, found.ended_reason


def test_a_day_off_leaves_no_group_standing_whether_its_seats_were_paid_held_or_never_taken(grace):
    ada, bob = people(2)
    full, empty = group_of(grace), group_of(grace, start=START + 3 * HOUR, decide_at=START)
    later = group_of(grace, start=START + 48 * HOUR, decide_at=START)
    first, second = paid(ada, full), seat(bob, full).booking_id
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.call_off_days(uow, days_off_id=new_id(), until=START.date())
    assert [state(one) for one in (first, second)] == [State.CANCELLED, State.CANCELLED]
    assert [state_of_group(one)[0] for one in (full, empty, later)] == ["cancelled", "cancelled", "open"]
    with pytest.raises(GroupClosed):
        seat(bob, full)
    pay(second)
    assert (state(second), money_of(escrow_of(second))) == (State.CANCELLED, 0), "late money finds no seat"
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.set_group(uow, group_id=new_id(), wish=WISH)  # its time is free again


def test_a_group_whose_last_seat_the_consultant_gave_back_does_not_stand(grace):
    ada, bob = people(2)
    name = group_of(grace)
    first, second = paid(ada, name), paid(bob, name)
    ended(grace.actor, first)
    assert state_of_group(name) == ("open", None), "one has a seat still"
    ended(grace.actor, second)
    assert state_of_group(name) == ("cancelled", "emptied")
    assert money_of(refunds_account("sandbox")) == 24_000
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.set_group(uow, group_id=new_id(), wish=WISH)


def test_clients_who_leave_empty_a_decided_group_only_and_a_held_seat_keeps_it(grace):
    ada, bob = people(2)
    name, decided = group_of(grace, seats_min=1), START - 24 * HOUR
    ended(ada, paid(ada, name))
    assert state_of_group(name) == ("open", None), "others may still come"
    taken = paid(ada, name)
    with unit_of_work(now=decided) as uow:
        assert actions.decide_group(uow, group_id=name) == "on"
    held = new_id()
    seat(bob, name, now=decided, booking_id=held)
    ended(ada, taken, now=decided)
    assert state_of_group(name) == ("on", None), "Bob is paying"
    late = decided + timedelta(minutes=16)
    with unit_of_work(now=late) as uow:
        actions.pass_time(uow, booking_id=held)
    hear(BookingExpired, held, late)
    assert state_of_group(name) == ("cancelled", "emptied")


def test_everybody_comes_by_themselves_and_each_seat_is_paid_out(grace):
    ada, bob = people(2)
    name = group_of(grace)
    ids = [paid(ada, name), paid(bob, name)]
    with unit_of_work(ada, now=START) as uow:
        actions.join_group(uow, group_id=name)
    with unit_of_work(grace.actor, now=START) as uow:
        actions.join_group(uow, group_id=name)
    assert [state(one) for one in ids] == [State.IN_PROGRESS, State.CONFIRMED]
    with unit_of_work(now=START + timedelta(minutes=16)) as uow:
        actions.pass_time(uow, booking_id=ids[1])
    with unit_of_work(grace.actor, now=START + HOUR / 2) as uow:
        actions.complete_group(uow, group_id=name)
    assert [state(one) for one in ids] == [State.COMPLETED, State.NO_SHOW]
    for one in ids:
        with unit_of_work(now=START + 60 * HOUR) as uow:
            actions.release_money(uow, booking_id=one)
    assert money_of(f"consultant:{grace.id}") == 2 * 10_560


def test_all_with_a_seat_and_the_consultant_talk_in_one_room_and_nobody_else_does(grace):
    ada, bob, carl = people(3)
    name = group_of(grace)
    paid(ada, name), paid(bob, name)
    for who in (ada, grace.actor):
        with unit_of_work(who, now=NOW) as uow:
            talk = messaging.open_for_group(uow, group_id=name)
            messaging.send_message(uow, conversation_id=talk, key=new_id(), text=f"Hello from {who.name}")
    with Session() as db:
        assert [one.text for one in talks.messages(db, talk, bob)] == ["Hello from Bob0", "Hello from Grace"]
        assert set(talks.conversation(db, talk, bob).people) == {ada.user_id, bob.user_id, grace.id}
        assert talk in talks.last_seqs(db, bob)
        assert talks.conversations_of(db, grace.actor) == []
        with pytest.raises(NotFound):
            talks.messages(db, talk, carl)
    for deed in (
        lambda uow: messaging.open_for_group(uow, group_id=name),
        lambda uow: messaging.send_message(uow, conversation_id=talk, key=new_id(), text="Hello"),
        lambda uow: messaging.mark_read(uow, conversation_id=talk, seq=1),
    ):
        with pytest.raises(NotFound), unit_of_work(carl, now=NOW) as uow:
            deed(uow)
    with pytest.raises(NotFound), unit_of_work(ada, now=NOW) as uow:
        messaging.block_other(uow, conversation_id=talk)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"title": Words("No")}, "title"),
        ({"title": Words("面试演练", "No")}, "title_en"),
        ({"seats": 1, "seats_min": 1}, "seats"),
        ({"seats": 31}, "seats"),
        ({"seats_min": 5}, "seats_min"),
        ({"seats_min": 0}, "seats_min"),
        ({"decide_at": START}, "decide_hours"),
        ({"start": NOW + 2 * HOUR, "decide_at": NOW - HOUR}, "start"),
        ({"minutes": 5}, "minutes"),
        ({"price": Money(-1)}, "price"),
    ],
)
def test_what_makes_no_group_session_is_refused(grace, terms, field):
    with pytest.raises(Invalid) as refusal:
        group_of(grace, **terms)
    assert list(refusal.value.fields) == [field]
    [ada] = people(1)
    with pytest.raises(NotFound), unit_of_work(ada, now=NOW) as uow:
        actions.set_group(uow, group_id=new_id(), wish=WISH)


def test_of_a_crowd_for_the_last_seats_as_many_get_one_as_there_are(grace):
    name, crowd = group_of(grace, seats=3), people(12)
    barrier = Barrier(len(crowd))

    def run(who):
        barrier.wait()
        try:
            return seat(who, name)
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(len(crowd)) as pool:
        answers = list(pool.map(run, crowd))
    assert sum(isinstance(one, BookingMade) for one in answers) == 3
    assert sum(isinstance(one, GroupFull) for one in answers) == 9
    assert left(name) == 0


@pytest.mark.parametrize("attempt", range(2))
def test_calling_off_while_seats_are_taken_paid_and_cancelled_loses_no_money(grace, attempt):
    name, crowd = group_of(grace, seats=6), people(6)
    held = [seat(who, name) for who in crowd[:4]]
    barrier = Barrier(8)

    def run(deed):
        barrier.wait()
        try:
            return deed()
        except Conflict as refusal:
            return refusal

    def called_off():
        with unit_of_work(grace.actor, now=NOW) as uow:
            actions.cancel_group(uow, group_id=name)

    def given_back(who, booking_id):
        with unit_of_work(who, now=NOW) as uow:
            actions.cancel_booking(uow, booking_id=booking_id)

    deeds = [called_off, *(lambda one=one: pay(one.booking_id) for one in held)]
    deeds += [lambda: given_back(crowd[0], held[0].booking_id), *(lambda w=w: seat(w, name) for w in crowd[4:])]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, deeds))
    for one in held:
        with unit_of_work(now=NOW) as uow:
            actions.confirm_if_paid(uow, booking_id=one.booking_id)
    assert {state(one.booking_id) for one in held} == {State.CANCELLED}
    assert all(money_of(escrow_of(one.booking_id)) == 0 for one in held)
