"""A dispute's life: who may do what, when, and what silence means at each stage. The money is never in two places."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from tests.features.booking.life.scene import HOUR, SECOND, Scene
from zhixun.events.disputes import DisputeAnswered, DisputeDecided, DisputeOpened, DisputeToRule
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.booking import actions as bookings
from zhixun.features.disputes import actions, jobs, queries, rules
from zhixun.features.disputes.actions import DisputedAlready, NotYourTurn, TooManyStatements, WindowClosed
from zhixun.features.disputes.models import Statement
from zhixun.features.disputes.rules import Outcome, State
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, new_id

SAM = Actor("sam", frozenset({"operator", "support"}))
CONTENT = Actor("connie", frozenset({"operator", "content"}))
DAY = timedelta(days=1)
WORDS = "There was no sound for half an hour."


class Case(Scene):
    """A session that is over, and the dispute about it."""

    def __init__(self) -> None:
        super().__init__()
        self.booking = self.running()
        self.done = self.start + HOUR
        self.complete(self.booking, self.done)
        self.id = ""

    def open(self, *, at=None, asked=None, who=None, dispute_id=None, reason="technical", words=WORDS):
        name = dispute_id or new_id()
        self.do(
            actions.open_dispute, who=who or self.ada, at=at or self.done + HOUR, dispute_id=name,
            booking_id=self.booking, reason=reason, words=words, asked=Money(asked) if asked is not None else None,
        )  # fmt: skip
        self.id = name
        return name

    def answer(self, *, agrees, at=None, who=None, words=WORDS, statement_id=None):
        self.do(
            actions.answer_dispute, who=who or self.grace.actor, at=at or self.done + DAY,
            statement_id=statement_id or new_id(), dispute_id=self.id, words=words, agrees=agrees,
        )  # fmt: skip

    def say(self, who, *, at=None, words=WORDS, statement_id=None):
        self.do(
            actions.add_statement, who=who, at=at or self.done + 2 * DAY, statement_id=statement_id or new_id(),
            dispute_id=self.id, words=words,
        )  # fmt: skip

    def to_rule(self):
        """Opened, answered, heard; returns when the house's time began."""
        self.open()
        self.answer(agrees=False)
        closed = self.done + DAY + 3 * DAY
        assert self.pass_time(closed) is State.RULING
        return closed

    def rule(self, back, *, who=SAM, at=None, words=WORDS, statement_id=None):
        self.do(
            actions.rule_dispute, who=who, at=at or self.done + 5 * DAY, statement_id=statement_id or new_id(),
            dispute_id=self.id, back=Money(back), words=words,
        )  # fmt: skip

    def withdraw(self, *, who=None, at=None):
        self.do(actions.withdraw_dispute, who=who or self.ada, at=at or self.done + 2 * HOUR, dispute_id=self.id)

    def pass_time(self, at):
        return self.do(actions.pass_time, at=at, dispute_id=self.id)

    def release(self, at):
        self.do(bookings.release_money, booking_id=self.booking, at=at)
        return self.money(self.booking)

    def seen(self):
        with Session() as db:
            return queries.dispute(db, self.id)


@pytest.fixture
def case(db_url):
    outbox.forget_all()
    return Case()


def test_a_disputed_session_keeps_its_money_in_escrow_past_the_48_hours(case):
    case.open(at=case.done + 48 * HOUR - SECOND)
    assert case.facts == [DisputeOpened]
    assert case.release(case.done + 5 * DAY) == (48_000, 0, 0, 0)
    assert (case.seen().state, case.seen().asked) == (State.OPEN, Money(48_000))
    assert case.seen().due_at == case.done + 48 * HOUR - SECOND + 7 * DAY


def test_who_comes_after_48_hours_is_too_late_whether_or_not_the_clock_has_come_by(case):
    with pytest.raises(WindowClosed):
        case.open(at=case.done + 48 * HOUR)
    assert case.release(case.done + 48 * HOUR) == (0, 0, 42_240, 5_760)


def test_the_same_dispute_twice_is_one_and_another_is_refused(case):
    name = case.open()
    case.open(dispute_id=name)
    assert case.facts == []
    with pytest.raises(DisputedAlready):
        case.open()


def test_only_the_client_of_a_held_session_disputes_it(case):
    for who in (case.grace.actor, Actor("bob"), SAM):
        with pytest.raises(NotFound):
            case.open(who=who)
    ahead = case.ask(start=case.start + 5 * HOUR)
    case.pay(ahead)
    case.confirm(ahead)
    case.booking = ahead
    with pytest.raises(WindowClosed):
        case.open()


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "weather"},
        {"words": "no"},
        {"words": "x" * 4_001},
        {"asked": 0},
        {"asked": 48_001},
        {"dispute_id": "x"},
    ],
)
def test_what_makes_no_sense_opens_nothing_and_holds_no_money(case, wrong):
    with pytest.raises(Invalid):
        case.open(**wrong)
    assert case.release(case.done + 48 * HOUR) == (0, 0, 42_240, 5_760)


def test_a_consultant_who_agrees_gives_back_what_was_asked_and_keeps_the_rest(case):
    case.open(asked=12_000)
    case.answer(agrees=True, words="")
    assert case.seen().outcome is Outcome.AGREED
    assert case.money(case.booking) == (36_000, 12_000, 0, 0)
    assert case.release(case.done + 2 * DAY) == (0, 12_000, 31_680, 4_320)


def test_silence_of_the_consultant_counts_as_agreeing_after_seven_days(case):
    case.open(at=case.done)
    assert case.pass_time(case.done + 7 * DAY - SECOND) is State.OPEN
    assert case.pass_time(case.done + 7 * DAY) is State.DECIDED
    assert DisputeDecided in case.facts
    assert case.seen().outcome is Outcome.CONSULTANT_SILENT
    assert case.release(case.done + 8 * DAY) == (0, 48_000, 0, 0)


@pytest.mark.parametrize(("given", "rest"), [(30_000, 18_000), (48_000, 0)])
def test_what_the_desk_gives_back_meanwhile_keeps_no_dispute_from_its_end(case, given, rest):
    case.open(at=case.done)
    case.do(
        bookings.refund_booking, who=SAM, at=case.done + DAY, refund_id=new_id(), booking_id=case.booking,
        amount=Money(given), reason="A word of the desk",
    )  # fmt: skip
    assert case.pass_time(case.done + 7 * DAY) is State.DECIDED
    assert (case.seen().outcome, case.seen().back) == (Outcome.CONSULTANT_SILENT, Money(rest))
    assert case.release(case.done + 8 * DAY) == (0, 48_000, 0, 0)


def test_an_answer_that_comes_too_late_is_no_answer(case):
    case.open(at=case.done)
    with pytest.raises(NotYourTurn):
        case.answer(agrees=False, at=case.done + 7 * DAY)


def test_both_are_heard_for_three_days_and_then_the_house_has_the_word(case):
    case.open()
    case.answer(agrees=False)
    assert case.facts == [DisputeAnswered]
    name = new_id()
    for _ in range(2):
        case.say(case.ada, statement_id=name)
    case.say(case.grace.actor)
    with pytest.raises(NotFound):
        case.say(Actor("bob"))
    with pytest.raises(NotYourTurn):
        case.rule(0)
    closed = case.done + DAY + 3 * DAY
    with pytest.raises(NotYourTurn):
        case.say(case.ada, at=closed)
    assert case.pass_time(closed) is State.RULING
    assert DisputeToRule in case.facts
    with Session() as db:
        assert [one.role for one in queries.statements_of(db, case.id, case.ada)] == [
            "client", "consultant", "client", "consultant",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("back", "money"), [(0, (0, 0, 42_240, 5_760)), (20_000, (0, 20_000, 24_640, 3_360)), (48_000, (0, 48_000, 0, 0))]
)
def test_the_house_splits_the_money_and_says_why(case, back, money):
    case.to_rule()
    name = new_id()
    for _ in range(2):
        case.rule(back, statement_id=name)
    assert (case.seen().outcome, case.seen().back) == (Outcome.RULED, Money(back))
    assert case.release(case.done + 6 * DAY) == money
    with pytest.raises(NotYourTurn):
        case.rule(back)


def test_a_house_that_is_late_splits_what_was_asked(case):
    closed = case.to_rule()
    assert case.pass_time(closed + 3 * DAY - SECOND) is State.RULING
    assert case.pass_time(closed + 3 * DAY) is State.DECIDED
    assert (case.seen().outcome, case.seen().back) == (Outcome.HOUSE_SILENT, Money(24_000))
    assert case.release(closed + 4 * DAY) == (0, 24_000, 21_120, 2_880)


def test_a_clock_that_slept_takes_every_exit_at_its_own_time(case):
    case.open()
    case.answer(agrees=False)
    assert case.pass_time(case.done + 30 * DAY) is State.DECIDED
    assert case.seen().outcome is Outcome.HOUSE_SILENT


def test_only_who_may_settle_rules_and_only_within_what_was_asked(case):
    case.to_rule()
    for who in (CONTENT, case.ada, case.grace.actor):
        with pytest.raises(RightNeeded):
            case.rule(1, who=who)
    for back in (-1, 48_001):
        with pytest.raises(Invalid):
            case.rule(back)
    with pytest.raises(Invalid):
        case.rule(1, words="no")
    assert case.seen().state is State.RULING


def test_who_withdraws_lets_the_money_go_its_way(case):
    case.open()
    with pytest.raises(NotFound):
        case.withdraw(who=case.grace.actor)
    for _ in range(2):
        case.withdraw()
    assert case.seen().outcome is Outcome.WITHDRAWN
    assert case.release(case.done + 3 * HOUR) == (0, 0, 42_240, 5_760)
    with pytest.raises(DisputedAlready):
        case.open()
    with pytest.raises(NotYourTurn):
        case.answer(agrees=True)


def test_a_client_who_was_said_to_be_absent_can_dispute_that(case):
    case.booking = case.ask(start=case.start + 4 * HOUR)
    case.pay(case.booking)
    case.confirm(case.booking)
    case.join(case.booking, case.grace.actor, case.start + 4 * HOUR)
    case.tick(case.booking, case.start + 4 * HOUR + 15 * timedelta(minutes=1))
    case.open(at=case.start + 5 * HOUR, reason="not_held")
    assert case.release(case.start + 90 * HOUR)[0] == 48_000


def test_nobody_says_more_than_twenty_things(case):
    case.open()
    case.answer(agrees=False)
    for _ in range(rules.STATEMENTS_MAX - 1):
        case.say(case.ada)
    with pytest.raises(TooManyStatements):
        case.say(case.ada)


def test_what_was_said_is_sealed_and_an_operators_reading_is_noted(case):
    case.open()
    with Session() as db:
        kept = db.get(Statement, case.id)
        assert WORDS.encode() not in bytes(kept.words)
        assert queries.statements_of(db, case.id, SAM)[0].words == WORDS


def test_opening_and_releasing_at_the_same_moment_leave_the_money_in_one_place(case):
    barrier, at = Barrier(2), case.done + 48 * HOUR

    def run(deed):
        barrier.wait()
        try:
            deed()
        except Conflict as refusal:
            return refusal
        return None

    def release():
        with unit_of_work(SYSTEM, now=at) as uow:
            bookings.release_money(uow, booking_id=case.booking)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, (release, lambda: case.open(at=at - SECOND))))
    assert case.money(case.booking) in {(48_000, 0, 0, 0), (0, 0, 42_240, 5_760)}


def test_the_clock_finds_what_is_due_and_leaves_the_rest(case, monkeypatch):
    case.open(at=case.done)
    with Session() as db:
        assert queries.due(db, case.done + 7 * DAY - SECOND) == []
        assert queries.due(db, case.done + 7 * DAY) == [case.id]
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: case.done + 7 * DAY)
    jobs.pass_time()
    assert case.seen().state is State.DECIDED


def test_every_state_but_the_last_has_an_exit_by_time():
    assert {state for state in State if state not in rules.SILENCE} == {State.DECIDED}
    for state, way in rules.SILENCE.items():
        assert rules.may_become(state, way.to)
        assert way.within > timedelta(0)
