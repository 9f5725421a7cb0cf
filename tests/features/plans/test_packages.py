"""A package's life: bought, used, given back, run out; and the books hold at every step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests import make
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.rules import State
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import (
    COMMISSION,
    consultant_account,
    credits_of,
    escrow_for,
    escrow_of,
    refunds_account,
)
from zhixun.features.plans import actions, queries
from zhixun.features.plans.actions import NothingToRefund, NotSold, TooManyPackages
from zhixun.features.plans.queries import Choice, CreditsUsedUp, PlanDoesNotFit
from zhixun.features.plans.rules import PackageTerms
from zhixun.kernel import outbox
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, Words, new_id

NOW = make.NOW
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Owned:
    ada: Actor
    grace: make.ConsultantMade
    package_id: str
    plan_id: str


@pytest.fixture
def owned(db_url) -> Owned:
    """Ada has bought five sessions with Grace for 2,000 yuan; singly one costs 480."""
    outbox.forget_all()
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        package_id = make.package(uow, grace)
        return Owned(ada, grace, package_id, make.bought(uow, package_id, client=ada))


def booked(one: Owned, *, number: int = 10, who: Actor | None = None, now: datetime = NOW) -> str:
    """A confirmed booking that the package pays for."""
    with unit_of_work(who or one.ada, now=now) as uow:
        made = bookings.request_booking(
            uow, booking_id=new_id(), service_id=one.grace.service_id, start=make.slot(uow, one.grace, number=number),
            choice=Choice(use_plan=one.plan_id),
        )  # fmt: skip
        assert made.total == Money(0)
        assert bookings.confirm_if_paid(uow, booking_id=made.booking_id) is State.CONFIRMED
    return made.booking_id


def plan(one: Owned) -> queries.HoldingView:
    with Session() as db:
        return queries.holding(db, one.plan_id, one.ada.user_id)


def minor(*accounts: str) -> list[int]:
    with Session() as db:
        assert ledger.verify(db).problems == ()
        return [ledger.balance(db, account).amount_minor for account in accounts]


def test_what_was_paid_is_owed_in_sessions(owned):
    seen = plan(owned)
    assert (seen.left.zh, seen.quantity.en, seen.refund) == ("5 次", "5 sessions", Money(200_000))
    assert seen.expires_at == NOW + 180 * DAY
    assert minor(credits_of(owned.plan_id), escrow_for(f"order:{owned.plan_id}")) == [200_000, 0]


def test_paid_for_twice_is_handed_over_once(owned):
    for _ in range(2):
        with unit_of_work(now=NOW + HOUR) as uow:
            assert actions.fulfil_if_paid(uow, order_id=owned.plan_id).state == "fulfilled"
    assert (plan(owned).left_units, plan(owned).bought_at) == (500, NOW)


def test_the_same_order_twice_is_one_order(owned):
    order_id = new_id()
    with unit_of_work(owned.ada, now=NOW) as uow:
        first = actions.order_plan(uow, order_id=order_id, product_id=owned.package_id)
        assert actions.order_plan(uow, order_id=order_id, product_id=owned.package_id) == first
        with pytest.raises(NotFound):
            actions.order_plan(uow, order_id=order_id, product_id=new_id())
        bob = make.client(uow, "Bob")
        with pytest.raises(NotFound):
            actions.order_plan(make.acting(uow, bob), order_id=order_id, product_id=owned.package_id)


def test_a_session_takes_one_and_its_money_waits_for_it(owned):
    booking_id = booked(owned)
    assert plan(owned).left_units == 400
    assert minor(credits_of(owned.plan_id), escrow_of(booking_id)) == [160_000, 40_000]
    with Session() as db:
        view = booking_queries.booking(db, booking_id, owned.ada, NOW)
        assert [use.booking_id for use in queries.uses_of(db, [owned.plan_id])[owned.plan_id]] == [booking_id]
    assert (view.price, view.with_plan, view.lines[-1].amount) == (Money(0), True, Money(-48_000))


def test_the_consultant_earns_what_the_session_of_the_package_is_worth(owned):
    booking_id = booked(owned)
    with Session() as db:
        at = booking_queries.booking(db, booking_id, owned.ada, NOW).starts_at
    with unit_of_work(now=at) as uow:
        bookings.join_session(make.acting(uow, owned.ada), booking_id=booking_id)
        bookings.join_session(make.acting(uow, owned.grace.actor), booking_id=booking_id)
        bookings.complete_session(make.acting(uow, owned.ada, now=at + HOUR), booking_id=booking_id)
    with unit_of_work(now=at + 50 * HOUR) as uow:
        bookings.release_money(uow, booking_id=booking_id)
    assert minor(consultant_account(owned.grace.id), COMMISSION, escrow_of(booking_id)) == [35_200, 4_800, 0]


@pytest.mark.parametrize(("before", "left", "kept"), [(25, 500, 0), (10, 450, 20_000), (1, 400, 40_000)])
def test_cancelled_by_the_client_the_ladder_says_what_comes_back_into_the_plan(owned, before, left, kept):
    booking_id = booked(owned)
    with Session() as db:
        start = booking_queries.booking(db, booking_id, owned.ada, NOW).starts_at
    for _ in range(2):
        with unit_of_work(owned.ada, now=start - before * HOUR) as uow:
            assert bookings.cancel_booking(uow, booking_id=booking_id) == Money(0)
    assert plan(owned).left_units == left
    assert minor(escrow_of(booking_id), credits_of(owned.plan_id)) == [kept, 200_000 - kept]


def test_cancelled_by_the_consultant_everything_comes_back(owned):
    booking_id = booked(owned)
    with Session() as db:
        start = booking_queries.booking(db, booking_id, owned.ada, NOW).starts_at
    with unit_of_work(owned.grace.actor, now=start - HOUR) as uow:
        bookings.cancel_booking(uow, booking_id=booking_id)
    assert (plan(owned).left_units, minor(credits_of(owned.plan_id))) == (500, [200_000])


def test_two_halves_are_a_session_again_and_half_a_one_is_none(owned):
    for number in (10, 11):
        booking_id = booked(owned, number=number)
        with Session() as db:
            start = booking_queries.booking(db, booking_id, owned.ada, NOW).starts_at
        with unit_of_work(owned.ada, now=start - 10 * HOUR) as uow:
            bookings.cancel_booking(uow, booking_id=booking_id)
    assert plan(owned).left.en == "4 sessions"
    for number in range(12, 16):
        booked(owned, number=number)
    with pytest.raises(CreditsUsedUp):
        booked(owned, number=16)
    assert minor(credits_of(owned.plan_id)) == [0]


def test_a_hold_that_nobody_pays_gives_back_what_it_took(owned):
    with unit_of_work(owned.ada, now=NOW) as uow:
        booking_id = make.held_booking(uow, client=owned.ada, consultant=owned.grace)
        assert bookings.choose_terms(uow, booking_id=booking_id, choice=Choice(use_plan=owned.plan_id)) == Money(0)
        assert queries.plan_of(uow.db, booking_id) == owned.plan_id
    assert plan(owned).left_units == 400
    with unit_of_work(now=NOW + HOUR) as uow:
        assert bookings.pass_time(uow, booking_id=booking_id) is State.EXPIRED
    assert (plan(owned).left_units, minor(credits_of(owned.plan_id), escrow_of(booking_id))) == (500, [200_000, 0])


def test_chosen_and_unchosen_at_the_checkout_nothing_is_lost(owned):
    with unit_of_work(owned.ada, now=NOW) as uow:
        booking_id = make.held_booking(uow, client=owned.ada, consultant=owned.grace)
        for plan_id, total in ((owned.plan_id, 0), ("", 48_000), (owned.plan_id, 0), (owned.plan_id, 0), ("", 48_000)):
            assert bookings.choose_terms(uow, booking_id=booking_id, choice=Choice(use_plan=plan_id)) == Money(total)
    assert (plan(owned).left_units, minor(escrow_of(booking_id))) == (500, [0])
    with unit_of_work(now=NOW) as uow:
        make.pay(uow, booking_id)
        assert bookings.confirm_if_paid(uow, booking_id=booking_id) is State.CONFIRMED
        with pytest.raises(bookings.TooLate):
            bookings.choose_terms(
                make.acting(uow, owned.ada), booking_id=booking_id, choice=Choice(use_plan=owned.plan_id)
            )
    assert minor(escrow_of(booking_id)) == [48_000]


def test_with_nothing_to_pay_the_client_agrees_and_has_the_time(owned):
    with unit_of_work(owned.ada, now=NOW) as uow:
        booking_id = make.held_booking(uow, client=owned.ada, consultant=owned.grace)
        assert bookings.confirm_without_payment(uow, booking_id=booking_id) is State.HELD, "there is something to pay"
        bookings.choose_terms(uow, booking_id=booking_id, choice=Choice(use_plan=owned.plan_id))
        assert bookings.confirm_if_paid(uow, booking_id=booking_id) is State.HELD, "chosen is not agreed"
        assert bookings.confirm_without_payment(uow, booking_id=booking_id) is State.CONFIRMED
        assert bookings.confirm_without_payment(uow, booking_id=booking_id) is State.CONFIRMED


def test_another_persons_plan_is_not_found_and_another_consultants_does_not_fit(owned):
    with unit_of_work(now=NOW) as uow:
        bob, hopper = make.client(uow, "Bob"), make.consultant(uow, "Hopper")
        other = make.add_service(uow, owned.grace.id, minutes=30)
        starts = [make.slot(uow, owned.grace, number=number) for number in range(3)]
        for start, who, service_id, refusal in zip(starts, *zip(
            (bob, owned.grace.service_id, NotFound), (owned.ada, hopper.service_id, PlanDoesNotFit),
            (owned.ada, other, PlanDoesNotFit), strict=True,
        ), strict=True):  # fmt: skip
            with pytest.raises(refusal):
                bookings.request_booking(
                    make.acting(uow, who), booking_id=new_id(), service_id=service_id, start=start,
                    choice=Choice(use_plan=owned.plan_id),
                )  # fmt: skip


def test_minutes_are_good_for_every_service_by_its_length(owned):
    with unit_of_work(now=NOW) as uow:
        package_id = make.package(uow, owned.grace, unit="minute", quantity=100, price=Money(60_000))
        plan_id = make.bought(uow, package_id, client=owned.ada)
        bookings.request_booking(
            make.acting(uow, owned.ada), booking_id=new_id(), service_id=owned.grace.service_id,
            start=make.slot(uow, owned.grace, number=3), choice=Choice(use_plan=plan_id),
        )  # fmt: skip
        assert queries.holding(uow.db, plan_id, owned.ada.user_id).left.en == "40 minutes"
        with pytest.raises(CreditsUsedUp):
            bookings.request_booking(
                make.acting(uow, owned.ada), booking_id=new_id(), service_id=owned.grace.service_id,
                start=make.slot(uow, owned.grace, number=5), choice=Choice(use_plan=plan_id),
            )  # fmt: skip
    assert minor(credits_of(plan_id)) == [24_000]


def test_the_unused_part_comes_back_and_the_used_counts_at_its_single_price(owned):
    booked(owned)
    for expected in (152_000, 0):
        with unit_of_work(owned.ada, now=NOW) as uow:
            assert actions.refund_plan(uow, holding_id=owned.plan_id) == Money(expected)
    seen = plan(owned)
    assert (seen.active, seen.ended_reason, seen.left_units) == (False, "refunded", 0)
    accounts = (refunds_account("sandbox"), credits_of(owned.plan_id), consultant_account(owned.grace.id), COMMISSION)
    assert minor(*accounts) == [152_000, 0, 7_040, 960]


def test_only_the_owner_gives_back_and_nothing_comes_of_what_is_used_up(owned):
    with unit_of_work(now=NOW) as uow, pytest.raises(NotFound):
        actions.refund_plan(make.acting(uow, make.client(uow, "Bob")), holding_id=owned.plan_id)
    for number in range(10, 15):
        booked(owned, number=number)
    with unit_of_work(owned.ada, now=NOW) as uow, pytest.raises(NothingToRefund):
        actions.refund_plan(uow, holding_id=owned.plan_id)


def test_what_nobody_uses_in_time_is_shared_like_a_held_session(owned):
    booked(owned)
    later = NOW + 181 * DAY
    for _ in range(2):
        with unit_of_work(now=later) as uow:
            for holding_id in queries.due_by_time(uow.db, later):
                actions.pass_time(uow, holding_id=holding_id)
    assert plan(owned).ended_reason == "expired"
    accounts = (credits_of(owned.plan_id), consultant_account(owned.grace.id), COMMISSION)
    assert minor(*accounts) == [0, 140_800, 19_200]
    with unit_of_work(now=NOW + 179 * DAY) as uow:
        assert queries.due_by_time(uow.db, uow.now) == []


def test_a_session_that_comes_back_opens_an_ended_plan_again(owned):
    booking_id = booked(owned)
    with unit_of_work(owned.ada, now=NOW) as uow:
        actions.refund_plan(uow, holding_id=owned.plan_id)
    with unit_of_work(owned.grace.actor, now=NOW) as uow:
        bookings.cancel_booking(uow, booking_id=booking_id)
    seen = plan(owned)
    assert (seen.active, seen.left_units, seen.refund) == (True, 100, Money(8_000))
    assert minor(credits_of(owned.plan_id)) == [40_000]


def test_paid_too_late_is_taken_again_or_not_at_all(owned):
    """A hold ran out; its credits were used elsewhere; then its money came: all of it goes back."""
    with unit_of_work(now=NOW) as uow:
        package_id = make.package(uow, owned.grace, quantity=2, price=Money(90_000))
        plan_id = make.bought(uow, package_id, client=owned.ada)
        booking_id = make.held_booking(uow, client=owned.ada, consultant=owned.grace)
        bookings.choose_terms(make.acting(uow, owned.ada), booking_id=booking_id, choice=Choice(use_plan=plan_id))
    with unit_of_work(now=NOW + HOUR) as uow:
        bookings.pass_time(uow, booking_id=booking_id)
        assert actions.take_again(uow, booking_id=booking_id)
        assert queries.holding(uow.db, plan_id, owned.ada.user_id).left_units == 100
        actions.return_benefits(uow, booking_id=booking_id, share_bps=10_000)
        actions.refund_plan(make.acting(uow, owned.ada), holding_id=plan_id)
        assert not actions.take_again(uow, booking_id=booking_id)
    assert minor(escrow_of(booking_id), credits_of(plan_id)) == [0, 0]


def test_only_whole_terms_are_sold_and_only_by_the_consultant(owned):
    terms = PackageTerms(Words("十次", "Ten"), "session", 10, Money(400_000), 365)

    def put(uow, who, *, package_id: str = "", **changes):
        usual = {"consultant_id": owned.grace.id, "service_id": owned.grace.service_id, "terms": terms}
        actions.put_package(make.acting(uow, who), package_id=package_id or new_id(), **(usual | changes))

    with unit_of_work(now=NOW) as uow:
        hopper = make.consultant(uow, "Hopper")
        with pytest.raises(NotFound):
            put(uow, owned.ada)
        with pytest.raises(NotFound):
            put(uow, hopper.actor, consultant_id=hopper.id, package_id=owned.package_id, service_id=hopper.service_id)
        with pytest.raises(NotFound):
            put(uow, owned.grace.actor, service_id=hopper.service_id)
        with pytest.raises(Invalid):
            put(uow, owned.grace.actor, service_id=None)
        with pytest.raises(Invalid) as dear:
            put(uow, owned.grace.actor, terms=PackageTerms(terms.title, "session", 2, Money(96_001), 30))
        assert list(dear.value.fields) == ["price"]
        for _ in range(11):
            put(uow, owned.grace.actor)
        with pytest.raises(TooManyPackages):
            put(uow, owned.grace.actor)


def test_what_is_withdrawn_cannot_be_ordered_and_stays_good(owned):
    with unit_of_work(now=NOW) as uow:
        actions.withdraw_package(make.acting(uow, owned.grace.actor), package_id=owned.package_id)
        with pytest.raises(NotSold):
            actions.order_plan(make.acting(uow, owned.ada), order_id=new_id(), product_id=owned.package_id)
        with pytest.raises(NotFound):
            actions.order_plan(make.acting(uow, owned.ada), order_id=new_id(), product_id=new_id())
        with pytest.raises(NotFound):
            actions.withdraw_package(make.acting(uow, owned.ada), package_id=owned.package_id)
    booked(owned)
    with unit_of_work(owned.grace.actor, now=NOW) as uow:
        package_id = make.package(uow, owned.grace)
        with pytest.raises(Invalid):
            actions.order_plan(uow, order_id=new_id(), product_id=package_id)
