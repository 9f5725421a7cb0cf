"""Payout runs: one proposes, another approves, every amount once, and nothing from a balance that fell meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import make
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.booking import actions as bookings
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger import queries as books
from zhixun.features.ledger.rules import COMMISSION, PAID_OUT, Line, consultant_account
from zhixun.features.payouts import actions, queries, rules
from zhixun.features.payouts.actions import AlreadyDecided, BalanceFell, NothingToPay, OwnProposal, RunOpen
from zhixun.features.payouts.rules import RunState, Transfer
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, new_id

NOW = make.NOW
FINN = Actor("finn", frozenset({"operator", "finance"}))
OLGA = Actor("olga", frozenset({"operator", "administrator"}))
SAM = Actor("sam", frozenset({"operator", "support"}))


@pytest.fixture(autouse=True)
def quiet(db_url):
    outbox.forget_all()


def earn(who, minor):
    with unit_of_work(now=NOW) as uow:
        ledger.post(
            uow,
            key=f"release:{new_id()}",
            kind="release",
            purpose=f"booking:{new_id()}",
            lines=[Line(consultant_account(who), Money(minor)), Line(COMMISSION, Money(-minor))],
        )


def do(deed, who, *, at=NOW, **keywords):
    with unit_of_work(who, now=at) as uow:
        return deed(uow, **keywords)


def proposed(who=FINN):
    run_id = new_id()
    do(actions.propose_run, who, run_id=run_id)
    return run_id


def balance(who):
    with Session() as db:
        assert books.verify(db).holds
        return books.balance(db, consultant_account(who)).amount_minor


def state(run_id):
    with Session() as db:
        return queries.run(db, run_id).state


def test_one_proposes_another_approves_and_the_books_move_once():
    earn("grace", 42_240)
    earn("hopper", 10_000)
    earn("tiny", 99)
    run_id = proposed()
    assert balance("grace") == 42_240
    for _ in range(2):
        do(actions.approve_run, OLGA, run_id=run_id)
    assert (balance("grace"), balance("hopper"), balance("tiny")) == (0, 0, 99)
    with Session() as db:
        assert books.balance(db, PAID_OUT) == Money(52_240)
        assert [one.consultant_id for one in queries.payouts_of(db, run_id)] == ["grace", "hopper"]
        assert queries.run(db, run_id).total == Money(52_240)


def test_nobody_approves_their_own_run_and_the_database_knows_it_too():
    earn("grace", 42_240)
    run_id = proposed()
    with pytest.raises(OwnProposal):
        do(actions.approve_run, FINN, run_id=run_id)
    with pytest.raises(IntegrityError, match="four_eyes"), unit_of_work(now=NOW) as uow:
        uow.db.execute(
            text("UPDATE payouts_runs SET state = 'approved', decided_by = proposed_by, decided_at = proposed_at")
        )
    assert state(run_id) is RunState.PROPOSED
    assert balance("grace") == 42_240


def test_only_who_may_pay_out_touches_a_run():
    earn("grace", 42_240)
    with pytest.raises(RightNeeded):
        proposed(SAM)
    run_id = proposed()
    for deed, more in ((actions.approve_run, {}), (actions.reject_run, {"reason": "no"})):
        with pytest.raises(RightNeeded):
            do(deed, SAM, run_id=run_id, **more)


def test_one_run_waits_at_a_time_and_the_same_proposal_twice_is_one():
    with pytest.raises(NothingToPay):
        proposed()
    earn("grace", 42_240)
    run_id = proposed()
    do(actions.propose_run, FINN, run_id=run_id)
    with pytest.raises(RunOpen):
        proposed(OLGA)
    with pytest.raises(Invalid):
        do(actions.propose_run, FINN, run_id="x")


def test_a_balance_that_fell_after_the_proposal_stops_the_whole_run():
    earn("grace", 42_240)
    earn("hopper", 10_000)
    run_id = proposed()
    earn("hopper", -1)
    with pytest.raises(BalanceFell):
        do(actions.approve_run, OLGA, run_id=run_id)
    assert (balance("grace"), state(run_id)) == (42_240, RunState.PROPOSED)
    do(actions.reject_run, OLGA, run_id=run_id, reason="A refund came in between")
    do(actions.approve_run, OLGA, run_id=proposed())
    assert (balance("grace"), balance("hopper")) == (0, 0)


def test_what_is_owed_to_the_house_is_made_up_for_by_what_is_earned_next():
    earn("grace", -5_000)
    earn("hopper", 10_000)
    with Session() as db:
        assert rules.owing(books.consultant_balances(db)) == {"grace": Money(-5_000)}
    do(actions.approve_run, OLGA, run_id=proposed())
    assert balance("grace") == -5_000
    earn("grace", 8_000)
    run_id = proposed()
    with Session() as db:
        assert [one.amount for one in queries.payouts_of(db, run_id)] == [Money(3_000)]


def test_a_decided_run_stays_decided():
    earn("grace", 42_240)
    run_id = proposed()
    with pytest.raises(Invalid):
        do(actions.reject_run, OLGA, run_id=run_id, reason=" ")
    for _ in range(2):
        do(actions.reject_run, FINN, run_id=run_id, reason="A mistake")
    with pytest.raises(AlreadyDecided):
        do(actions.approve_run, OLGA, run_id=run_id)
    with pytest.raises(NotFound):
        do(actions.approve_run, OLGA, run_id=new_id())
    assert balance("grace") == 42_240


def test_a_run_that_nobody_decides_lapses_after_seven_days():
    earn("grace", 42_240)
    run_id = proposed()
    for at, wanted in ((timedelta(days=7, seconds=-1), RunState.PROPOSED), (timedelta(days=7), RunState.LAPSED)):
        do(actions.let_run_lapse, OLGA, at=NOW + at, run_id=run_id)
        assert state(run_id) is wanted
    with Session() as db:
        assert queries.due_to_lapse(db, NOW + timedelta(days=9)) == []
    with pytest.raises(AlreadyDecided):
        do(actions.approve_run, OLGA, run_id=run_id)


def test_two_who_approve_at_once_pay_once():
    earn("grace", 42_240)
    run_id, barrier = proposed(), Barrier(4)

    def approve(n):
        barrier.wait()
        try:
            do(actions.approve_run, Actor(f"olga{n}", OLGA.roles), run_id=run_id)
        except Conflict as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(approve, range(4)))
    assert balance("grace") == 0
    with Session() as db:
        assert books.balance(db, PAID_OUT) == Money(42_240)


def test_a_name_is_no_formula_in_the_bank_file():
    text_ = rules.bank_file([Transfer("g", '=HYPERLINK("x")', Money(42_205), "ab-001")])
    assert text_.splitlines()[1] == 'ab-001,g,"\'=HYPERLINK(""x"")",422.05,CNY'


def test_a_month_begins_and_ends_on_the_readers_clock():
    from_, until = rules.month_bounds("2026-12", "Asia/Shanghai")
    assert (from_.isoformat(), until.isoformat()) == ("2026-11-30T16:00:00+00:00", "2026-12-31T16:00:00+00:00")
    for wrong in ("2026-13", "soon", "2026-1", "9999-12", ""):
        with pytest.raises(Invalid):
            rules.month_bounds(wrong, "Asia/Shanghai")


def test_a_statement_adds_up_and_each_figure_has_its_entries():
    with unit_of_work(now=NOW - timedelta(days=40)) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.completed_booking(uow, client=ada, consultant=grace)
    with unit_of_work(now=NOW - timedelta(days=35)) as uow:
        bookings.release_money(uow, booking_id=booking_id)
    do(actions.approve_run, OLGA, run_id=proposed())
    with Session() as db:
        assert queries.months_of(db, grace.id, "Asia/Shanghai") == ["2026-11", "2026-10"]
        october = queries.statement_of(db, grace.id, "2026-10", "Asia/Shanghai")
        november = queries.statement_of(db, grace.id, "2026-11", "Asia/Shanghai")
    assert (october.opening, october.closing) == (Money(0), Money(42_240)) == (Money(0), november.opening)
    assert [(line.kind, line.amount) for line in november.lines] == [("payout", Money(-42_240))]
    assert november.closing == Money(0)
