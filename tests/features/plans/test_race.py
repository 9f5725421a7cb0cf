"""Two who want the same last thing at the same moment: one has it, and the money is where it belongs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests import make
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.actions import BookingMade
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import credits_of
from zhixun.features.plans import actions, queries
from zhixun.features.plans.queries import Choice, CreditsUsedUp
from zhixun.kernel import outbox
from zhixun.kernel.errors import DomainError
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Money, new_id

NOW = make.NOW


@pytest.fixture
def two(db_url):
    outbox.forget_all()
    return make.pair()


def all_at_once(*tasks):
    barrier = Barrier(len(tasks))

    def run(task):
        barrier.wait()
        try:
            return task()
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def doing(deed, who=SYSTEM, **keywords):
    def run():
        with unit_of_work(who, now=NOW) as uow:
            return deed(uow, **keywords)

    return run


def bought(ada, grace, **terms):
    with unit_of_work(now=NOW) as uow:
        return make.bought(uow, make.package(uow, grace, **terms), client=ada)


def asking(ada, grace, plan_id, count):
    with unit_of_work(now=NOW) as uow:
        starts = [make.slot(uow, grace, number=number) for number in range(count)]
    return [
        doing(
            bookings.request_booking, ada, booking_id=new_id(), service_id=grace.service_id, start=start,
            choice=Choice(use_plan=plan_id),
        )
        for start in starts
    ]  # fmt: skip


def books_hold(plan_id, ada, *, left, balance):
    with Session() as db:
        assert ledger.verify(db).problems == ()
        assert queries.holding(db, plan_id, ada.user_id).left_units == left
        assert ledger.balance(db, credits_of(plan_id)) == Money(balance)


@pytest.mark.parametrize("attempt", range(3))
def test_the_last_session_of_a_package_is_used_once(two, attempt):
    ada, grace = two
    plan_id = bought(ada, grace, quantity=2, price=Money(80_000))
    answers = all_at_once(*asking(ada, grace, plan_id, 5))
    assert sum(isinstance(one, BookingMade) for one in answers) == 2
    assert sum(isinstance(one, CreditsUsedUp) for one in answers) == 3
    books_hold(plan_id, ada, left=0, balance=0)


def test_the_last_session_is_used_or_given_back_not_both(two):
    ada, grace = two
    plan_id = bought(ada, grace, quantity=2, price=Money(80_000))
    for _ in range(3):
        [first, *_] = asking(ada, grace, plan_id, 1)
        used, refunded = all_at_once(first, doing(actions.refund_plan, ada, holding_id=plan_id))
        with Session() as db:
            assert ledger.verify(db).problems == ()
            seen = queries.holding(db, plan_id, ada.user_id)
        assert isinstance(refunded, Money)
        if isinstance(used, BookingMade):
            assert seen.left_units in (0, 100)
        assert not seen.active


def test_paid_reported_many_times_at_once_is_one_plan(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        made = actions.order_plan(make.acting(uow, ada), order_id=new_id(), product_id=make.package(uow, grace))
        make.pay_order(uow, made.id)
    answers = all_at_once(*[doing(actions.fulfil_if_paid, order_id=made.id)] * 8)
    assert {one.state for one in answers} == {"fulfilled"}
    books_hold(made.holding_id, ada, left=500, balance=200_000)


def test_two_orders_of_a_membership_at_once_make_one_member(two):
    ada, _ = two
    with unit_of_work(now=NOW) as uow:
        membership_id = make.membership(uow)
        orders = [
            actions.order_plan(make.acting(uow, ada), order_id=new_id(), product_id=membership_id) for _ in range(2)
        ]
        for one in orders:
            make.pay_order(uow, one.id)
    for one in orders:
        with unit_of_work(now=NOW) as uow:
            actions.fulfil_if_paid(uow, order_id=one.id)
    with Session() as db:
        assert ledger.verify(db).problems == ()
        assert [one.active for one in queries.holdings_of(db, ada.user_id)] == [True]
        assert ledger.balance(db, "refunds:sandbox") == Money(30_000), "the second goes back"


def test_coming_back_and_running_out_at_once_lose_no_money(two):
    ada, grace = two
    plan_id = bought(ada, grace)
    made = [one() for one in asking(ada, grace, plan_id, 3)]
    with unit_of_work(now=NOW) as uow:
        for one in made:
            bookings.confirm_if_paid(uow, booking_id=one.booking_id)
    tasks = [doing(bookings.cancel_booking, grace.actor, booking_id=one.booking_id) for one in made]
    all_at_once(*tasks, doing(actions.refund_plan, ada, holding_id=plan_id), *tasks)
    with Session() as db:
        assert ledger.verify(db).problems == ()
        seen = queries.holding(db, plan_id, ada.user_id)
        assert ledger.balance(db, credits_of(plan_id)).amount_minor == seen.left_units * 400
