"""A booking's life against the database: every transition, and every one that is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from zhixun.events.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingHeld,
    SessionBegan,
    SessionCompleted,
    SessionMissed,
)  # fmt: skip
from zhixun.events.payments import PaymentCaptured
from zhixun.features.booking import actions, handlers, jobs, queries
from zhixun.features.booking.actions import ConsultantsTurn, NotYet, OwnService, TooLate, TooManyHolds
from zhixun.features.booking.rules import State
from zhixun.features.catalog import actions as catalog
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import COMMISSION, consultant_account, escrow_of, refunds_account
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed, NotOffered, SlotTaken
from zhixun.kernel import outbox
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, new_id

NOW, PRICE = make.NOW, make.PRICE
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
QUARTER = 15 * MINUTE


class Scene:
    """Ada, Grace and a clock. Each deed is a transaction of its own; `facts` are those of the last one."""

    def __init__(self) -> None:
        self.ada, self.grace = make.pair()
        self.facts: list = []
        with unit_of_work(now=NOW) as uow:
            self.start = make.slot(uow, self.grace, number=8)  # 40 hours from now

    def do(self, deed, *args, who: Actor = SYSTEM, at=NOW, **keywords):
        with unit_of_work(who, now=at) as uow:
            answer = deed(uow, *args, **keywords)
        self.facts = [type(fact) for fact in uow.facts]
        return answer

    def ask(self, *, who=None, start=None, at=NOW, booking_id=None, service_id=None, **more):
        return self.do(
            actions.request_booking, who=who or self.ada, at=at, booking_id=booking_id or new_id(),
            service_id=service_id or self.grace.service_id, start=start or self.start, **more,
        ).booking_id  # fmt: skip

    def pay(self, booking_id, *, at=NOW, **how):
        return self.do(make.pay, booking_id, at=at, **how)

    def confirm(self, booking_id, *, at=NOW):
        return self.do(actions.confirm_if_paid, booking_id=booking_id, at=at)

    def booked(self):
        booking_id = self.ask()
        self.pay(booking_id)
        assert self.confirm(booking_id) is State.CONFIRMED
        return booking_id

    def join(self, booking_id, who, at):
        return self.do(actions.join_session, who=who, at=at, booking_id=booking_id)

    def begin(self, booking_id, at, who=None):
        return self.do(actions.begin_session, who=who or self.grace.actor, at=at, booking_id=booking_id)

    def complete(self, booking_id, at, who=None):
        return self.do(actions.complete_session, who=who or self.ada, at=at, booking_id=booking_id)

    def cancel(self, booking_id, at=NOW, who=None):
        return self.do(actions.cancel_booking, who=who or self.ada, at=at, booking_id=booking_id)

    def tick(self, booking_id, at):
        return self.do(actions.pass_time, at=at, booking_id=booking_id)

    def running(self):
        booking_id = self.booked()
        self.join(booking_id, self.ada, self.start)
        self.begin(booking_id, self.start)
        return booking_id

    def view(self, booking_id, at=NOW):
        with Session() as db:
            return queries.booking(db, booking_id, SYSTEM, at)

    def steps(self, booking_id):
        with Session() as db:
            return [step.state for step in queries.timeline(db, booking_id)]

    def money(self, booking_id):
        """(in escrow, on its way back, the consultant's, the platform's), and the books hold."""
        with Session() as db:
            assert ledger.verify(db).holds
            accounts = (
                escrow_of(booking_id), refunds_account("sandbox"), consultant_account(self.grace.id), COMMISSION,
            )  # fmt: skip
            return tuple(ledger.balance(db, account).amount_minor for account in accounts)

    def is_free(self):
        with unit_of_work(now=NOW) as uow:
            return make.slot(uow, self.grace, after=self.start) == self.start


@pytest.fixture
def scene(db_url):
    outbox.forget_all()
    return Scene()


# Asking


def test_asking_holds_the_time_for_a_quarter_of_an_hour(scene):
    booking_id = scene.ask(brief="  Should I sign?\r\n")
    assert scene.facts == [BookingHeld]
    seen = scene.view(booking_id)
    assert (seen.state, seen.brief, seen.price) == (State.HELD, "Should I sign?", PRICE)
    assert seen.hold_expires_at == NOW + QUARTER
    assert seen.ends_at - seen.starts_at == HOUR
    assert not scene.is_free()


def test_the_same_request_twice_is_one_booking_with_one_payment(scene):
    name = scene.ask()
    payment = scene.view(name).payment_id
    assert scene.ask(booking_id=name) == name
    assert scene.facts == []
    assert scene.view(name).payment_id == payment
    scene.pay(name)
    scene.confirm(name)
    made = scene.do(
        actions.request_booking, who=scene.ada, booking_id=name, service_id=scene.grace.service_id, start=scene.start
    )
    assert made.state is State.CONFIRMED


def test_an_id_that_names_another_booking_is_refused(scene):
    name = scene.ask()
    with pytest.raises(HoldIdUsed):
        scene.ask(booking_id=name, start=scene.start + HOUR)
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    with pytest.raises(NotFound):
        scene.ask(booking_id=name, who=bob)
    assert scene.view(name).starts_at == scene.start


@pytest.mark.parametrize("wrong", ["", "x", "0" * 31, "G" * 32, "\x00" * 32, "0" * 5_000])
def test_a_booking_id_has_the_form_of_an_id(scene, wrong):
    with pytest.raises(Invalid):
        scene.do(
            actions.request_booking,
            who=scene.ada,
            booking_id=wrong,
            service_id=scene.grace.service_id,
            start=scene.start,
        )


def test_what_cannot_be_booked_is_refused_and_holds_nothing(scene):
    with pytest.raises(OwnService):
        scene.ask(who=scene.grace.actor)
    with pytest.raises(NotFound):
        scene.ask(service_id=new_id())
    with pytest.raises(NotOffered):
        scene.ask(start=scene.start + MINUTE)
    with pytest.raises(Invalid):
        scene.ask(start=scene.start.replace(tzinfo=None))
    with pytest.raises(Invalid):
        scene.ask(brief="x" * 4_001)
    assert scene.is_free()
    scene.do(catalog.unlist_consultant, consultant_id=scene.grace.id)
    with pytest.raises(NotFound):
        scene.ask()


def test_nobody_holds_more_than_five_unpaid_times_and_a_lapsed_one_no_longer_counts(scene):
    for n in range(5):
        scene.ask(start=scene.start + n * HOUR)
    with pytest.raises(TooManyHolds):
        scene.ask(start=scene.start + 5 * HOUR)
    scene.ask(start=scene.start + 5 * HOUR, at=NOW + QUARTER)


# Paying


def test_who_pays_has_the_time(scene):
    booking_id = scene.ask()
    scene.pay(booking_id)
    assert scene.confirm(booking_id, at=NOW + MINUTE) is State.CONFIRMED
    assert scene.facts == [BookingConfirmed]
    for _ in range(2):
        assert scene.confirm(booking_id) is State.CONFIRMED
        assert scene.facts == []
    assert scene.steps(booking_id) == [State.HELD, State.PAID, State.CONFIRMED]
    assert scene.money(booking_id) == (48_000, 0, 0, 0)
    assert scene.tick(booking_id, NOW + HOUR) is State.CONFIRMED
    scene.do(scheduling.sweep_lapsed_holds, at=NOW + HOUR)
    assert not scene.is_free()


def test_nothing_is_confirmed_before_it_is_paid(scene):
    booking_id = scene.ask()
    assert scene.confirm(booking_id) is State.HELD
    with pytest.raises(NotFound):
        scene.confirm(new_id())


def test_a_free_session_is_confirmed_without_a_gateway(scene):
    with unit_of_work(now=NOW) as uow:
        free = make.add_service(uow, scene.grace.id, price=Money(0))
    booking_id = scene.ask(service_id=free)
    assert PaymentCaptured in scene.facts
    assert scene.confirm(booking_id) is State.CONFIRMED
    assert scene.cancel(booking_id) == Money(0)
    assert scene.money(booking_id) == (0, 0, 0, 0)


def test_who_does_not_pay_loses_the_time(scene):
    booking_id = scene.ask()
    assert scene.tick(booking_id, NOW + QUARTER - SECOND) is State.HELD
    assert scene.view(booking_id, at=NOW + QUARTER).state is State.EXPIRED
    assert scene.tick(booking_id, NOW + QUARTER) is State.EXPIRED
    assert scene.facts == [BookingExpired]
    assert scene.tick(booking_id, NOW + QUARTER) is State.EXPIRED
    assert scene.facts == []
    assert scene.is_free()


def test_who_paid_in_time_has_the_time_even_when_the_clock_is_faster_than_the_fact(scene):
    booking_id = scene.ask()
    scene.pay(booking_id, at=NOW + QUARTER - SECOND)
    assert scene.tick(booking_id, NOW + 2 * QUARTER) is State.CONFIRMED
    assert scene.steps(booking_id) == [State.HELD, State.PAID, State.CONFIRMED]


@pytest.mark.parametrize("swept", [False, True])
def test_who_pays_too_late_has_the_time_if_it_is_still_free(scene, swept):
    booking_id = scene.ask()
    if swept:
        scene.do(scheduling.sweep_lapsed_holds, at=NOW + QUARTER)
        scene.tick(booking_id, NOW + QUARTER)
    scene.pay(booking_id, at=NOW + HOUR)
    assert scene.confirm(booking_id, at=NOW + HOUR) is State.CONFIRMED
    assert scene.tick(booking_id, NOW + 2 * HOUR) is State.CONFIRMED
    assert not scene.is_free()


@pytest.mark.parametrize("swept", [False, True])
def test_who_pays_too_late_gets_the_money_back_if_the_time_is_gone(scene, swept):
    booking_id = scene.ask()
    if swept:
        scene.tick(booking_id, NOW + QUARTER)
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    scene.ask(who=bob, at=NOW + QUARTER)
    scene.pay(booking_id, at=NOW + QUARTER + MINUTE)
    for _ in range(2):
        assert scene.confirm(booking_id, at=NOW + QUARTER + MINUTE) is State.CANCELLED
    assert scene.view(booking_id).ended_reason == "paid_too_late"
    assert scene.money(booking_id) == (0, 48_000, 0, 0)


def test_who_pays_after_the_session_was_to_begin_gets_the_money_back(scene):
    booking_id = scene.ask()
    scene.pay(booking_id, at=scene.start)
    assert scene.confirm(booking_id, at=scene.start) is State.CANCELLED
    assert scene.money(booking_id) == (0, 48_000, 0, 0)
    assert scene.is_free()


def test_money_for_a_hold_that_was_let_go_comes_back_once(scene):
    booking_id = scene.ask()
    assert scene.cancel(booking_id) == Money(0)
    assert scene.is_free()
    scene.pay(booking_id)
    for _ in range(2):
        assert scene.confirm(booking_id) is State.CANCELLED
        assert scene.money(booking_id) == (0, 48_000, 0, 0)


def test_the_fact_of_a_payment_delivered_again_gives_nothing_more_back_than_the_ladder_said(scene):
    booking_id = scene.booked()
    assert scene.cancel(booking_id, at=scene.start - HOUR) == Money(0)
    fact = PaymentCaptured(
        payment_id=scene.view(booking_id).payment_id,
        purpose=f"booking:{booking_id}",
        amount_minor=48_000,
        currency="CNY",
    )
    for _ in range(2):
        handlers.confirm_when_paid(fact)
    assert scene.money(booking_id) == (48_000, 0, 0, 0)


# Cancelling


@pytest.mark.parametrize(
    ("before", "back"),
    [(24 * HOUR, 48_000), (24 * HOUR - SECOND, 24_000), (2 * HOUR, 24_000), (2 * HOUR - SECOND, 0), (SECOND, 0)],
)
def test_what_a_client_gets_back_is_what_the_ladder_says_and_the_rest_is_earned(scene, before, back):
    booking_id, at = scene.booked(), scene.start - before
    assert scene.view(booking_id, at=at).refund_now == Money(back)
    for _ in range(2):
        assert scene.cancel(booking_id, at=at) == Money(back)
    assert scene.money(booking_id) == (48_000 - back, back, 0, 0)
    assert scene.is_free()
    after = scene.start + 49 * HOUR
    scene.do(actions.release_money, booking_id=booking_id, at=after)
    commission = (48_000 - back) * 12 // 100
    assert scene.money(booking_id) == (0, back, 48_000 - back - commission, commission)


@pytest.mark.parametrize("who", ["consultant", "operator"])
def test_when_the_house_cancels_everything_comes_back(scene, who):
    booking_id = scene.booked()
    actor = scene.grace.actor if who == "consultant" else Actor("olga", frozenset({"operator"}))
    assert scene.cancel(booking_id, at=scene.start - MINUTE, who=actor) == PRICE
    assert scene.facts.count(BookingCancelled) == 1
    assert scene.view(booking_id).ended_reason == who
    assert scene.money(booking_id) == (0, 48_000, 0, 0)
    assert scene.view(booking_id).release_at is None


def test_from_the_start_on_it_is_a_question_of_who_comes(scene):
    booking_id = scene.booked()
    for who in (scene.ada, scene.grace.actor):
        with pytest.raises(TooLate):
            scene.cancel(booking_id, at=scene.start, who=who)
    assert not scene.view(booking_id, at=scene.start).may_cancel
    assert scene.cancel(booking_id, at=scene.start, who=Actor("olga", frozenset({"operator"}))) == PRICE


def test_a_consultants_cancelling_of_a_hold_is_told_as_theirs(scene):
    booking_id = scene.ask()
    scene.cancel(booking_id, who=scene.grace.actor)
    assert scene.view(booking_id).ended_reason == "consultant"


# Meeting


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
    early = scene.start - 3 * HOUR
    with pytest.raises(NotYet):
        scene.begin(booking_id, early)
    scene.join(booking_id, scene.ada, early - 16 * MINUTE)
    with pytest.raises(NotYet):
        scene.begin(booking_id, early)
    scene.join(booking_id, scene.ada, early - MINUTE)
    assert scene.begin(booking_id, early) is State.IN_PROGRESS
    assert scene.begin(booking_id, early) is State.IN_PROGRESS
    assert scene.facts == []


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


# The money at the end


def test_the_consultant_is_paid_two_days_after_the_session_once(scene):
    booking_id = scene.running()
    done = scene.start + HOUR
    scene.complete(booking_id, done)
    scene.do(actions.release_money, booking_id=booking_id, at=done + 48 * HOUR - SECOND)
    assert scene.money(booking_id) == (48_000, 0, 0, 0)
    for _ in range(2):
        scene.do(actions.release_money, booking_id=booking_id, at=done + 48 * HOUR)
        assert scene.money(booking_id) == (0, 0, 42_240, 5_760)
    assert scene.view(booking_id).released_at == done + 48 * HOUR


# Whose it is


def test_a_booking_is_not_found_by_anyone_else(scene):
    booking_id = scene.booked()
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    for stranger in (bob, Actor(""), Actor(bob.user_id, frozenset({"consultant"}))):
        for deed in (actions.cancel_booking, actions.join_session, actions.begin_session, actions.complete_session):
            with pytest.raises(NotFound):
                scene.do(deed, who=stranger, booking_id=booking_id)
        with pytest.raises(NotFound):
            scene.do(actions.write_brief, who=stranger, booking_id=booking_id, brief="", sensitive=False)
        with Session() as db, pytest.raises(NotFound):
            queries.booking(db, booking_id, stranger, NOW)
        with Session() as db:
            assert queries.bookings_of(db, stranger, NOW) == []
    for reader in (scene.ada, scene.grace.actor, Actor("olga", frozenset({"operator"}))):
        with Session() as db:
            assert queries.booking(db, booking_id, reader, NOW).id == booking_id


def test_the_brief_is_the_clients_until_the_session_begins(scene):
    booking_id = scene.booked()
    with pytest.raises(NotFound):
        scene.do(actions.write_brief, who=scene.grace.actor, booking_id=booking_id, brief="x", sensitive=False)
    scene.do(actions.write_brief, who=scene.ada, booking_id=booking_id, brief=" y ", sensitive=True)
    assert (scene.view(booking_id).brief, scene.view(booking_id).sensitive) == ("y", True)
    scene.begin(booking_id, scene.start)
    with pytest.raises(TooLate):
        scene.do(actions.write_brief, who=scene.ada, booking_id=booking_id, brief="z", sensitive=False)


# The clock's jobs


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
