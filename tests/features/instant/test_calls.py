"""Asking now: paid before anyone is rung, the first answer has it, and everything back where nobody can."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from tests import make
from tests.make import NOW
from zhixun.events.booking import BookingConfirmed
from zhixun.events.instant import CallAnswered, CallEnded, CallRang
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.rules import State as Booked
from zhixun.features.catalog import actions as catalog
from zhixun.features.instant import actions, queries
from zhixun.features.instant.actions import CallOpen, CallOver, CallTaken, NobodyFree, NotAvailable
from zhixun.features.instant.rules import RING_FOR, State
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_for, escrow_of, refunds_account
from zhixun.features.messaging import actions as messaging
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.ports import Capture
from zhixun.features.payments.rules import Settlement
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import CalendarStale, SlotTaken
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Money, new_id

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
QUESTION = "My landlord changed the lock this morning. What now?"


class Scene:
    """Ada asks; Grace (480 yuan) and Ida (400 yuan) are available. Each deed is a transaction; `facts` are its facts."""

    def __init__(self) -> None:
        with unit_of_work(now=NOW) as uow:
            self.ada, self.bob = make.client(uow), make.client(uow, "Bob")
            self.grace = make.consultant(uow)
            self.ida = make.consultant(uow, "Ida", service={"price": Money(40_000)})
        self.facts: list = []
        for one in (self.grace, self.ida):
            self.open(one)

    def do(self, deed, who=SYSTEM, at=NOW, **keywords):
        with unit_of_work(who, now=at) as uow:
            answer = deed(uow, **keywords)
        self.facts = [type(fact) for fact in uow.facts]
        return answer

    def open(self, consultant, *, hours=2, at=NOW):
        self.do(actions.make_available, consultant.actor, at, until=at + hours * HOUR)

    def ask(self, who=None, *, at=NOW, call_id=None, cap=None, minutes=60, question=QUESTION):
        return self.do(
            actions.ask_now, who or self.ada, at, call_id=call_id or new_id(), question=question, field_id="career",
            channel="video", minutes=minutes, cap=cap,
        )  # fmt: skip

    def pay(self, call, *, at=NOW):
        capture = Capture(call.payment_id, f"ch-{call.payment_id}", call.amount)
        with unit_of_work(now=at) as uow:
            assert payments.settle(uow, gateway="sandbox", capture=capture) is Settlement.CAPTURED
        return self.do(actions.ring_if_paid, at=at, call_id=call.id)

    def ringing(self, **more):
        call = self.ask(**more)
        assert self.pay(call) is State.RINGING
        return call.id

    def accept(self, call_id, consultant, *, at=NOW + MINUTE):
        return self.do(actions.accept_call, consultant.actor, at, call_id=call_id)

    def state(self, call_id):
        with Session() as db:
            return queries.call(db, call_id, self.ada).state

    def money(self, call_id):
        """(the call's escrow, the booking's, on its way back), and the books hold."""
        with Session() as db:
            assert ledger.verify(db).holds
            accounts = (escrow_for(f"call:{call_id}"), escrow_of(call_id), refunds_account("sandbox"))
            return tuple(ledger.balance(db, one).amount_minor for one in accounts)

    def rung(self, call_id):
        with Session() as db:
            return {consultant_id for consultant_id, _ in queries.rung(db, call_id)}


@pytest.fixture
def scene(db_url):
    outbox.forget_all()
    return Scene()


def test_nobody_is_rung_before_it_is_paid(scene):
    call = scene.ask()
    assert (call.state, call.amount) == (State.UNPAID, make.PRICE)
    assert scene.do(actions.ring_if_paid, call_id=call.id) is State.UNPAID
    assert scene.rung(call.id) == set()
    assert scene.pay(call) is State.RINGING
    assert scene.facts == [CallRang, CallRang]
    assert scene.rung(call.id) == {scene.grace.id, scene.ida.id}
    assert scene.money(call.id) == (48_000, 0, 0)
    assert scene.do(actions.ring_if_paid, call_id=call.id) is State.RINGING
    assert scene.facts == []


def test_the_first_to_answer_has_a_session_that_begins_now_and_what_is_too_much_goes_back(scene):
    call_id = scene.ringing()
    assert scene.accept(call_id, scene.ida) == call_id
    assert scene.facts[-2:] == [BookingConfirmed, CallAnswered]
    assert scene.accept(call_id, scene.ida, at=NOW + 2 * MINUTE) == call_id
    assert scene.facts == []
    with pytest.raises(CallTaken):
        scene.accept(call_id, scene.grace)
    with Session() as db:
        view = bookings.booking(db, call_id, scene.ada, NOW + MINUTE)
        assert (view.state, view.starts_at, view.consultant_id) == (Booked.CONFIRMED, NOW + MINUTE, scene.ida.id)
        assert bookings.brief_of(db, view, scene.ada) == QUESTION
        assert payment_queries.payment_for(db, f"booking:{call_id}").captured
    assert scene.money(call_id) == (0, 40_000, 8_000)
    with unit_of_work(now=NOW + MINUTE) as uow:
        messaging.open_for_booking(uow, booking_id=call_id)


def test_the_same_rule_of_the_database_guards_its_time(scene):
    call_id = scene.ringing()
    scene.accept(call_id, scene.grace)
    with unit_of_work(now=NOW) as uow:
        free = make.slot(uow, scene.grace, after=NOW + MINUTE)
    assert free >= NOW + 61 * MINUTE


def test_who_has_a_session_within_its_length_is_neither_rung_nor_can_answer(scene):
    with unit_of_work(now=NOW) as uow:
        first = make.slot(uow, scene.grace)
        make.paid_booking(uow, client=scene.bob, consultant=scene.grace, start=first)
    near = first - 59 * MINUTE
    scene.open(scene.grace, at=near)
    scene.open(scene.ida, at=near)
    call = scene.ask(at=near)
    assert scene.pay(call, at=near) is State.RINGING
    assert scene.rung(call.id) == {scene.ida.id}
    with pytest.raises(NotFound):
        scene.accept(call.id, scene.grace, at=near)


def test_who_is_booked_while_it_rings_cannot_answer_and_another_can(scene):
    with unit_of_work(now=NOW) as uow:
        first = make.slot(uow, scene.grace)
    near = first - 59 * MINUTE
    for one in (scene.grace, scene.ida):
        scene.open(one, at=near)
    call = scene.ask(at=near)
    scene.pay(call, at=near)
    with unit_of_work(now=near) as uow:
        make.paid_booking(uow, client=scene.bob, consultant=scene.grace, start=first)
    with pytest.raises(SlotTaken):
        scene.accept(call.id, scene.grace, at=near + MINUTE)
    assert scene.state(call.id) is State.RINGING
    assert scene.accept(call.id, scene.ida, at=near + MINUTE) == call.id


def test_a_calendar_that_has_not_been_read_for_too_long_refuses(scene):
    scene.do(
        scheduling.add_busy_calendar, scene.grace.actor, calendar_id=new_id(), name="Work",
        address="https://calendar.example.com/a.ics",
    )  # fmt: skip
    with pytest.raises(CalendarStale):
        scene.open(scene.grace)
    call_id = scene.ringing()
    assert scene.rung(call_id) == {scene.ida.id}
    scene.do(
        scheduling.add_busy_calendar, scene.ida.actor, calendar_id=new_id(), name="Work",
        address="https://calendar.example.com/b.ics",
    )  # fmt: skip
    with pytest.raises(CalendarStale):
        scene.accept(call_id, scene.ida)
    assert scene.money(call_id) == (40_000, 0, 0)


def test_unanswered_for_ten_minutes_everything_goes_back(scene):
    call_id = scene.ringing()
    assert scene.do(actions.pass_time, at=NOW + RING_FOR - MINUTE, call_id=call_id) is State.RINGING
    with Session() as db:
        assert queries.due_by_time(db, NOW + RING_FOR) == [call_id]
    with pytest.raises(CallOver):
        scene.accept(call_id, scene.ida, at=NOW + RING_FOR)
    assert scene.do(actions.pass_time, at=NOW + RING_FOR, call_id=call_id) is State.UNANSWERED
    assert CallEnded in scene.facts
    assert scene.money(call_id) == (0, 0, 48_000)
    assert scene.do(actions.pass_time, at=NOW + HOUR, call_id=call_id) is State.UNANSWERED
    with pytest.raises(CallOver):
        scene.accept(call_id, scene.ida)


def test_when_all_have_passed_nobody_waits_any_longer(scene):
    call_id = scene.ringing()
    for _ in range(2):
        scene.do(actions.pass_call, scene.grace.actor, call_id=call_id)
    assert scene.state(call_id) is State.RINGING
    scene.do(actions.pass_call, scene.ida.actor, call_id=call_id)
    assert scene.state(call_id) is State.UNANSWERED
    assert scene.money(call_id) == (0, 0, 48_000)
    with pytest.raises(NotFound):
        scene.do(actions.pass_call, scene.bob, call_id=call_id)


def test_the_client_takes_it_back_with_everything_and_too_late_is_said(scene):
    call_id = scene.ringing()
    with pytest.raises(NotFound):
        scene.do(actions.withdraw_call, scene.bob, call_id=call_id)
    for _ in range(2):
        assert scene.do(actions.withdraw_call, scene.ada, call_id=call_id) is State.WITHDRAWN
    assert scene.money(call_id) == (0, 0, 48_000)
    with pytest.raises(CallOver):
        scene.accept(call_id, scene.ida)
    other = scene.ringing()
    scene.accept(other, scene.ida)
    with pytest.raises(CallTaken):
        scene.do(actions.withdraw_call, scene.ada, call_id=other)


def test_money_that_comes_too_late_goes_back_by_itself(scene):
    call = scene.ask()
    late = NOW + 15 * MINUTE
    assert scene.do(actions.pass_time, at=late, call_id=call.id) is State.LAPSED
    assert scene.pay(call, at=late) is State.UNANSWERED
    assert scene.money(call.id) == (0, 0, 48_000)
    other = scene.ask(at=late)
    scene.do(actions.withdraw_call, scene.ada, at=late, call_id=other.id)
    assert scene.pay(other, at=late) is State.WITHDRAWN
    assert scene.money(other.id)[0] == 0


def test_nobody_left_when_the_money_arrives_means_everything_back_at_once(scene):
    call = scene.ask()
    for one in (scene.grace, scene.ida):
        scene.do(actions.end_availability, one.actor)
    assert scene.pay(call) is State.UNANSWERED
    assert scene.money(call.id) == (0, 0, 48_000)


def test_a_price_limit_keeps_the_dearer_out(scene):
    call = scene.ask(cap=Money(45_000))
    assert call.amount == Money(40_000)
    scene.pay(call)
    assert scene.rung(call.id) == {scene.ida.id}


def test_what_cannot_be_asked_is_refused_and_nothing_is_begun(scene):
    for more in ({"cap": Money(100)}, {"minutes": 30}):
        with pytest.raises(NobodyFree):
            scene.ask(**more)
    with pytest.raises(Invalid):
        scene.ask(question="Hm")
    with pytest.raises(Invalid):
        scene.ask(call_id="nonsense")
    call = scene.ask()
    assert scene.ask(call_id=call.id).payment_id == call.payment_id, "twice is once"
    with pytest.raises(NotFound):
        scene.ask(scene.bob, call_id=call.id)
    with pytest.raises(CallOpen):
        scene.ask()
    for until in (NOW, NOW + 13 * HOUR):
        with pytest.raises(Invalid):
            scene.do(actions.make_available, scene.grace.actor, until=until)
    with pytest.raises(NotFound):
        scene.do(actions.make_available, scene.bob, until=NOW + HOUR)


def test_who_is_not_available_or_accepts_first_is_not_rung(scene):
    call_id = scene.ringing()
    scene.do(actions.end_availability, scene.grace.actor)
    with pytest.raises(NotAvailable):
        scene.accept(call_id, scene.grace)
    scene.do(actions.withdraw_call, scene.ada, call_id=call_id)
    scene.do(catalog.ask_first, scene.ida.actor, service_id=scene.ida.service_id, on_request=True)
    with pytest.raises(NobodyFree):
        scene.ask()
    scene.open(scene.grace, hours=1)
    with pytest.raises(NobodyFree):
        scene.ask(at=NOW + HOUR)


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


def at_once(deed, who, call_id):
    def run():
        with unit_of_work(who, now=NOW + MINUTE) as uow:
            return deed(uow, call_id=call_id)

    return run


@pytest.mark.parametrize("attempt", range(2))
def test_an_answer_and_a_taking_back_at_the_same_moment_have_one_outcome(scene, attempt):
    call_id = scene.ringing()
    yes, back = (
        at_once(actions.accept_call, scene.ida.actor, call_id),
        at_once(actions.withdraw_call, scene.ada, call_id),
    )
    all_at_once(yes, back, yes, back)
    if scene.state(call_id) is State.ANSWERED:
        assert scene.money(call_id) == (0, 40_000, 8_000)
    else:
        assert scene.money(call_id) == (0, 0, 48_000)


def test_of_two_calls_answered_by_one_consultant_at_the_same_moment_one_stands(scene):
    first = scene.ringing()
    call = scene.ask(scene.bob)
    scene.pay(call)
    answers = all_at_once(*(at_once(actions.accept_call, scene.grace.actor, one) for one in (first, call.id)))
    assert sorted(isinstance(one, SlotTaken) for one in answers) == [False, True]
    with Session() as db:
        assert ledger.verify(db).holds
