"""Coupons and points in a booking's life: taken, paid by the house, given back to the cent, and in the books."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from tests import make
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import COMMISSION, COUPONS, POINTS_COST, consultant_account, escrow_of, points_account
from zhixun.features.loyalty import actions, queries
from zhixun.features.loyalty.actions import CodeTaken
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.plans.queries import Choice
from zhixun.kernel import outbox
from zhixun.kernel.errors import DomainError, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id

NOW = make.NOW
HOUR = timedelta(hours=1)
CODE = "WELCOME50"


@pytest.fixture
def two(db_url):
    outbox.forget_all()
    return make.pair()


def coupon(**changes) -> str:
    with unit_of_work(now=NOW) as uow:
        return make.coupon(uow, **changes)


def seen(coupon_id: str):
    with Session() as db:
        return next(one for one in queries.coupons(db) if one.id == coupon_id)


def book(ada, grace, *, number=20, now=NOW, **chosen):
    with unit_of_work(ada, now=now) as uow:
        return bookings.request_booking(
            uow, booking_id=new_id(), service_id=grace.service_id, start=make.slot(uow, grace, number=number),
            choice=Choice(**chosen),
        )  # fmt: skip


def confirm(made, now=NOW):
    with unit_of_work(now=now) as uow:
        make.pay(uow, made.booking_id)
        bookings.confirm_if_paid(uow, booking_id=made.booking_id)


def with_points(ada, grace, points: int) -> None:
    """Points from a session of just that many yuan."""
    with unit_of_work(now=NOW) as uow:
        actions.earn_points(uow, booking_id=new_id(), person_id=ada.user_id, paid=Money(points * 100))


def minor(*accounts: str, currency: str = "CNY") -> list[int]:
    with Session() as db:
        assert ledger.verify(db).problems == ()
        return [ledger.balance(db, account, currency).amount_minor for account in accounts]


def points_of(ada) -> int:
    with Session() as db:
        balance = queries.standing(db, ada.user_id, NOW).balance
    assert minor(points_account(ada.user_id), currency="PTS") == [balance], "the lots and the books agree"
    return balance


def start_of(made):
    with unit_of_work(now=NOW) as uow:
        return booking_queries.booking(uow.db, made.booking_id, uow.actor, NOW).starts_at


def test_the_house_pays_a_coupon_and_the_consultant_earns_the_same(two):
    ada, grace = two
    coupon_id = coupon()
    made = book(ada, grace, coupon=" welcome50 ")
    assert made.total == Money(43_000)
    confirm(made)
    assert minor(escrow_of(made.booking_id), COUPONS) == [48_000, -5_000]
    assert (seen(coupon_id).used, seen(coupon_id).spent_minor) == (1, 5_000)
    at = start_of(made)
    with unit_of_work(now=at) as uow:
        bookings.join_session(make.acting(uow, ada), booking_id=made.booking_id)
        bookings.join_session(make.acting(uow, grace.actor), booking_id=made.booking_id)
        bookings.complete_session(make.acting(uow, ada, now=at + HOUR), booking_id=made.booking_id)
    with unit_of_work(now=at + 50 * HOUR) as uow:
        bookings.release_money(uow, booking_id=made.booking_id)
    assert minor(consultant_account(grace.id), COMMISSION) == [42_240, 5_760]
    assert points_of(ada) == 430, "points are for what was paid in money"


@pytest.mark.parametrize(
    ("before", "refund", "coupons", "points"), [(25, 41_000, 0, 2_000), (10, 20_500, -2_500, 1_000), (1, 0, -5_000, 0)]
)
def test_a_refund_returns_to_each_source_its_part(two, before, refund, coupons, points):
    ada, grace = two
    coupon_id = coupon()
    with_points(ada, grace, 2_000)
    made = book(ada, grace, coupon=CODE, points=2_000)
    assert (made.total, points_of(ada)) == (Money(41_000), 0)
    confirm(made)
    for _ in range(2):
        with unit_of_work(ada, now=start_of(made) - before * HOUR) as uow:
            assert bookings.cancel_booking(uow, booking_id=made.booking_id) == Money(refund)
    assert minor(COUPONS, POINTS_COST) == [coupons, points - 2_000]
    assert points_of(ada) == points
    assert seen(coupon_id).used == (0 if coupons == 0 else 1)
    assert seen(coupon_id).spent_minor == -coupons


def test_an_unpaid_hold_gives_everything_back_and_its_coupon_can_be_used_again(two):
    ada, grace = two
    coupon_id = coupon()
    with_points(ada, grace, 500)
    made = book(ada, grace, coupon=CODE, points=10**9)
    assert made.total == Money(42_500)
    with pytest.raises(CouponRefused):
        book(ada, grace, number=21, coupon=CODE)
    with unit_of_work(now=NOW + HOUR) as uow:
        bookings.pass_time(uow, booking_id=made.booking_id)
    assert (seen(coupon_id).used, points_of(ada), minor(COUPONS, POINTS_COST)) == (0, 500, [0, 0])
    assert book(ada, grace, number=21, coupon=CODE).total == Money(43_000)


def test_chosen_and_unchosen_at_the_checkout_nothing_is_lost(two):
    ada, grace = two
    coupon_id = coupon()
    with_points(ada, grace, 700)
    made = book(ada, grace)
    for chosen, total in (
        (Choice(coupon=CODE), 43_000), (Choice(coupon=CODE, points=10**9), 42_300), (Choice(points=300), 47_700),
        (Choice(coupon=CODE), 43_000), (Choice(), 48_000), (Choice(coupon=CODE, points=500), 42_500),
    ):  # fmt: skip
        with unit_of_work(ada, now=NOW) as uow:
            assert bookings.choose_terms(uow, booking_id=made.booking_id, choice=chosen) == Money(total)
    assert (seen(coupon_id).used, points_of(ada), minor(COUPONS, POINTS_COST)) == (1, 200, [-5_000, -500])


def test_paid_too_late_with_a_coupon_that_is_gone_everything_goes_back(two):
    ada, grace = two
    coupon(uses_max=1)
    made = book(ada, grace, coupon=CODE)
    with unit_of_work(now=NOW + HOUR) as uow:
        bookings.pass_time(uow, booking_id=made.booking_id)
        bob = make.client(uow, "Bob")
    book(bob, grace, number=22, now=NOW + HOUR, coupon=CODE)
    confirm(made, now=NOW + 2 * HOUR)
    with unit_of_work(now=NOW + 2 * HOUR) as uow:
        view = booking_queries.booking(uow.db, made.booking_id, uow.actor, uow.now)
    assert (view.state, view.ended_reason) == ("cancelled", "paid_too_late")
    assert minor(escrow_of(made.booking_id), "refunds:sandbox") == [0, 43_000]


def test_of_twenty_who_want_the_last_coupon_one_has_it(two):
    _, grace = two
    coupon_id = coupon(uses_max=1)
    with unit_of_work(now=NOW) as uow:
        people = [make.client(uow, f"Bob{number}") for number in range(20)]
        starts = [make.slot(uow, grace, number=number) for number in range(20)]
    barrier = Barrier(20)

    def ask(who, start):
        barrier.wait()
        try:
            with unit_of_work(who, now=NOW) as uow:
                return bookings.request_booking(
                    uow, booking_id=new_id(), service_id=grace.service_id, start=start, choice=Choice(coupon=CODE)
                )
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, people, starts))
    assert sum(isinstance(one, bookings.BookingMade) for one in answers) == 1
    assert sum(isinstance(one, CouponRefused) for one in answers) == 19
    assert (seen(coupon_id).used, minor(COUPONS)) == (1, [-5_000])


def test_a_budget_is_never_overspent_and_its_last_coins_are_given(two):
    ada, grace = two
    coupon_id = coupon(budget_minor=7_000, per_person_max=9)
    assert book(ada, grace, number=20, coupon=CODE).total == Money(43_000)
    assert book(ada, grace, number=21, coupon=CODE).total == Money(46_000)
    with pytest.raises(CouponRefused):
        book(ada, grace, number=22, coupon=CODE)
    assert seen(coupon_id).spent_minor == 7_000


def test_first_booking_field_and_unknown_codes_are_judged(two):
    ada, grace = two
    coupon(first_booking=True)
    coupon(code="HEALTH", field_id="health")
    with pytest.raises(CouponRefused):
        book(ada, grace, coupon="HEALTH")
    with pytest.raises(CouponRefused):
        book(ada, grace, coupon="NOBODY")
    confirm(book(ada, grace, number=20, coupon=CODE))
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    confirm(book(bob, grace, number=21))
    with pytest.raises(CouponRefused):
        book(bob, grace, number=22, coupon=CODE)


def test_points_run_out_after_twelve_months_and_the_first_to_expire_go_first(two):
    ada, grace = two
    with_points(ada, grace, 300)
    later = NOW + timedelta(days=100)
    with unit_of_work(now=later) as uow:
        actions.earn_points(uow, booking_id=new_id(), person_id=ada.user_id, paid=Money(40_000))
    made = book(ada, grace, now=later, points=300)
    assert made.total == Money(47_700)
    over = NOW + timedelta(days=365)
    for _ in range(2):
        with unit_of_work(now=over) as uow:
            for lot_id in queries.due_to_expire(uow.db, over):
                actions.expire_points(uow, lot_id=lot_id)
    with Session() as db:
        assert queries.standing(db, ada.user_id, over).balance == 400
    with unit_of_work(now=over) as uow:
        bookings.pass_time(uow, booking_id=made.booking_id)
    with Session() as db:
        assert queries.standing(db, ada.user_id, over + HOUR).balance == 700, "what comes back can be used a while"
    assert minor(points_account(ada.user_id), currency="PTS") == [700]


def test_points_of_a_refunded_session_go_with_the_money_as_far_as_they_are_not_spent(two):
    ada, grace = two
    lot = new_id()
    with unit_of_work(now=NOW) as uow:
        for _ in range(2):
            actions.earn_points(uow, booking_id=lot, person_id=ada.user_id, paid=Money(48_000))
    book(ada, grace, points=300)
    for refunded, left in ((24_000, 0), (24_000, 0), (48_000, 0)):
        with unit_of_work(now=NOW) as uow:
            actions.take_back_points(uow, booking_id=lot, refunded=Money(refunded))
        assert points_of(ada) == left
    with unit_of_work(now=NOW) as uow:
        actions.take_back_points(uow, booking_id=new_id(), refunded=Money(1))


def test_what_a_consultant_reads_of_the_books_leaves_the_clients_points_out(two):
    ada, grace = two
    with_points(ada, grace, 900)
    made = book(ada, grace, points=900)
    confirm(made)
    with Session() as db:
        lines = ledger.transactions_for(db, f"booking:{made.booking_id}")
        theirs = ledger.entries(db, points_account(ada.user_id))
    assert {line.amount.currency for line in lines} == {"CNY"}
    assert [line.kind for line in theirs] == ["points_spent", "points_earned"]


def test_only_who_gives_discounts_makes_and_pauses_coupons(two):
    ada, grace = two
    coupon_id = coupon()
    with unit_of_work(now=NOW) as uow:
        sue, finn = make.operator(uow, "Sue", role="support"), make.operator(uow, "Finn", role="finance")
        for who in (sue, ada):
            with pytest.raises(RightNeeded):
                make.coupon(make.acting(uow, who), code="MINE")
            with pytest.raises(RightNeeded):
                actions.pause_coupon(make.acting(uow, who), coupon_id=coupon_id)
        with pytest.raises(CodeTaken):
            make.coupon(make.acting(uow, finn))
        with pytest.raises(NotFound):
            actions.pause_coupon(make.acting(uow, finn), coupon_id=new_id())
        actions.pause_coupon(make.acting(uow, finn), coupon_id=coupon_id)
    with pytest.raises(CouponRefused):
        book(ada, grace, coupon=CODE)
    with unit_of_work(now=NOW) as uow:
        actions.resume_coupon(make.acting(uow, finn), coupon_id=coupon_id)
    book(ada, grace, coupon=CODE)


def test_a_checkout_lists_the_coupons_that_fit_the_consultant_and_are_not_used_up_by_this_person(two):
    ada, grace = two
    coupon()
    coupon(code="LEGAL10", field_id="legal")
    coupon(code="HEALTH10", field_id="health")
    coupon(code="GRACE10", consultant_id=grace.id)
    with unit_of_work(now=NOW) as uow:
        make.coupon(uow, code="LIN10", consultant_id=make.consultant(uow, "Lin").id)

    def listed() -> set[str]:
        with Session() as db:
            found = queries.counter(
                db, booking_id=new_id(), person_id=ada.user_id, now=NOW, field_id="legal", consultant_id=grace.id
            )
        return {one.code for one in found.listed}

    assert listed() == {CODE, "LEGAL10", "GRACE10"}
    book(ada, grace, coupon=CODE)
    assert listed() == {"LEGAL10", "GRACE10"}, "used already"
