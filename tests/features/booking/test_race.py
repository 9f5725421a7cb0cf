"""Two deeds of a booking at the same moment: never half of each, never the money twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from tests import make
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import MovedMeanwhile, TooManyHolds
from zhixun.features.booking.rules import HOLDS_MAX, State
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_of, refunds_account
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

NOW = make.NOW
HOUR = timedelta(hours=1)


@pytest.fixture
def two(db_url):
    outbox.forget_all()
    return make.pair()


def doing(deed, who: Actor = SYSTEM, **keywords):
    def run():
        with unit_of_work(who, now=NOW) as uow:
            return deed(uow, **keywords)

    return run


def all_at_once(*tasks):
    barrier = Barrier(len(tasks))

    def run(task):
        barrier.wait()
        try:
            return task()
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def asking(client, consultant, start, *, booking_id=None):
    return doing(
        actions.request_booking,
        client,
        booking_id=booking_id or new_id(),
        service_id=consultant.service_id,
        start=start,
    )


def starts(grace, count):
    with unit_of_work(now=NOW) as uow:
        return [make.slot(uow, grace, number=n) for n in range(count)]


def held(ada, grace) -> str:
    with unit_of_work(now=NOW) as uow:
        return make.held_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=10))


def state_and_money(booking_id):
    with Session() as db:
        assert ledger.verify(db).holds
        state = queries.booking(db, booking_id, SYSTEM, NOW).state
        accounts = (escrow_of(booking_id), refunds_account("sandbox"))
        return state, tuple(ledger.balance(db, account).amount_minor for account in accounts)


def test_nobody_holds_more_than_five_times_however_fast_they_ask(two):
    ada, grace = two
    answers = all_at_once(*(asking(ada, grace, start) for start in starts(grace, 12)))
    assert sum(isinstance(one, actions.BookingMade) for one in answers) == HOLDS_MAX
    assert sum(isinstance(one, TooManyHolds) for one in answers) == 12 - HOLDS_MAX
    with Session() as db:
        assert queries.held_count(db, ada.user_id, NOW) == HOLDS_MAX


def test_the_same_request_at_the_same_moment_is_one_booking(two):
    ada, grace = two
    [start], name = starts(grace, 1), new_id()
    answers = all_at_once(*[asking(ada, grace, start, booking_id=name)] * 8)
    assert len(set(answers)) == 1
    with Session() as db:
        assert queries.held_count(db, ada.user_id, NOW) == 1


def test_of_many_who_book_one_time_one_has_it(two):
    _, grace = two
    [start] = starts(grace, 1)
    with unit_of_work(now=NOW) as uow:
        people = [make.client(uow, f"Bob{n}") for n in range(12)]
    answers = all_at_once(*(asking(person, grace, start) for person in people))
    assert sum(isinstance(one, actions.BookingMade) for one in answers) == 1
    assert sum(isinstance(one, SlotTaken | NotOffered) for one in answers) == 11


def test_webhook_and_return_at_the_same_moment_confirm_once(two):
    booking_id = held(*two)
    with unit_of_work(now=NOW) as uow:
        make.pay(uow, booking_id)
    answers = all_at_once(*[doing(actions.confirm_if_paid, booking_id=booking_id)] * 8)
    assert set(answers) == {State.CONFIRMED}
    with Session() as db:
        steps = [step.state for step in queries.timeline(db, booking_id)]
    assert steps == [State.HELD, State.PAID, State.CONFIRMED]


@pytest.mark.parametrize("attempt", range(3))
def test_letting_go_while_the_payment_settles_loses_no_money(two, attempt):
    ada, _ = two
    booking_id = held(*two)

    def pay():
        with unit_of_work(now=NOW) as uow:
            make.pay(uow, booking_id)
        with unit_of_work(now=NOW) as uow:
            return actions.confirm_if_paid(uow, booking_id=booking_id)

    all_at_once(pay, doing(actions.cancel_booking, ada, booking_id=booking_id))
    with unit_of_work(now=NOW) as uow:
        actions.confirm_if_paid(uow, booking_id=booking_id)
    # Cancelled before or after it was confirmed, a day and more before the start: everything is on its way back.
    assert state_and_money(booking_id) == (State.CANCELLED, (0, 48_000))


def test_both_cancelling_at_the_same_moment_gives_back_once(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=10))
    answers = all_at_once(
        *[doing(actions.cancel_booking, who, booking_id=booking_id) for who in (ada, grace.actor)] * 3
    )
    assert set(answers) == {make.PRICE}
    assert state_and_money(booking_id) == (State.CANCELLED, (0, 48_000))


def test_clock_payment_and_people_at_the_same_moment_never_wait_in_a_ring(two):
    ada, grace = two
    ids = [held(ada, grace)]
    with unit_of_work(now=NOW) as uow:
        ids += [make.paid_booking(uow, client=ada, consultant=grace) for _ in range(3)]

    def later(deed, booking_id):
        def run():
            with unit_of_work(now=NOW + 3 * HOUR) as uow:
                deed(uow, booking_id=booking_id)

        return run

    tasks = [later(actions.pass_time, name) for name in ids] + [later(actions.confirm_if_paid, name) for name in ids]
    tasks += [doing(actions.cancel_booking, ada, booking_id=name) for name in ids]
    all_at_once(*tasks, *tasks)
    with Session() as db:
        assert ledger.verify(db).holds


def test_of_two_who_move_one_session_at_the_same_moment_one_wins(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=10))
        before = queries.booking(uow.db, booking_id, SYSTEM, NOW).starts_at
    wanted = starts(grace, 24)[12:]
    answers = all_at_once(
        *(
            doing(actions.reschedule_booking, who, booking_id=booking_id, start=start, seen_start=before)
            for who, start in zip((ada, grace.actor) * 4, wanted[:8], strict=True)
        )
    )
    assert sum(isinstance(one, MovedMeanwhile) for one in answers) == 7
    with Session() as db:
        seen = queries.booking(db, booking_id, SYSTEM, NOW)
    assert (seen.moves, [seen.starts_at]) == (1, [one for one in answers if not isinstance(one, Conflict)])


def test_of_many_sessions_that_move_to_one_time_one_has_it_and_the_others_keep_theirs(two):
    _, grace = two
    with unit_of_work(now=NOW) as uow:
        people = [make.client(uow, f"Bob{n}") for n in range(6)]
        ids = [make.paid_booking(uow, client=one, consultant=grace) for one in people]
        before = {name: queries.booking(uow.db, name, SYSTEM, NOW).starts_at for name in ids}
        wanted = make.slot(uow, grace, number=9)
    pairs = list(zip(people, ids, strict=True))
    answers = all_at_once(
        *(doing(actions.reschedule_booking, who, booking_id=name, start=wanted) for who, name in pairs)
    )
    assert sum(answer == wanted for answer in answers) == 1
    assert sum(isinstance(answer, SlotTaken) for answer in answers) == 5
    with Session() as db:
        after = {name: queries.booking(db, name, SYSTEM, NOW).starts_at for name in ids}
    assert sum(after[name] != before[name] for name in ids) == 1
    assert len(set(after.values())) == 6
