"""A membership's months: a price for members, included sessions, renewal by the clock, days of grace, an end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from tests import make
from zhixun.app import fulfil_ports, subscribe_all
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.catalog import queries as catalog
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import DISCOUNTS, MEMBERSHIPS, credits_of, escrow_of
from zhixun.features.payments import queries as payments
from zhixun.features.plans import actions, jobs, queries
from zhixun.features.plans.actions import AlreadyMember
from zhixun.features.plans.models import Order
from zhixun.features.plans.queries import Choice, CreditsUsedUp, PlanDoesNotFit
from zhixun.kernel import outbox, services
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id
from zhixun.settings import Settings

NOW = make.NOW
DAY = timedelta(days=1)
MONTH_OVER = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def two(db_url):
    outbox.forget_all()
    return make.pair()


@pytest.fixture
def clockwork(two, db_url: str, tmp_path: Path, deliver_all, monkeypatch) -> Callable[[datetime], None]:
    """Go to a moment, let the clock's job run, and let everything be delivered."""
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    fulfil_ports(Settings(data_dir=tmp_path, secret_key="for tests only"), db_url)
    subscribe_all()

    def at(moment: datetime) -> None:
        with time_machine.travel(moment, tick=False):
            jobs.pass_time()
        deliver_all()

    yield at
    outbox.forget_all()


def member(ada, **terms) -> str:
    with unit_of_work(now=NOW) as uow:
        return make.bought(uow, make.membership(uow, **terms), client=ada)


def plan(holding_id, ada):
    with Session() as db:
        assert ledger.verify(db).problems == ()
        return queries.holding(db, holding_id, ada.user_id)


def minor(*accounts: str) -> list[int]:
    with Session() as db:
        return [ledger.balance(db, account).amount_minor for account in accounts]


def booked(ada, grace, *, number: int, choice: Choice = queries.NOTHING_CHOSEN, now=NOW):
    with unit_of_work(ada, now=now) as uow:
        made = bookings.request_booking(
            uow, booking_id=new_id(), service_id=grace.service_id, start=make.slot(uow, grace, number=number),
            choice=choice,
        )  # fmt: skip
    if made.total:
        with unit_of_work(now=now) as uow:
            make.pay(uow, made.booking_id)
    with unit_of_work(now=now) as uow:
        bookings.confirm_if_paid(uow, booking_id=made.booking_id)
    return made


def test_a_member_pays_less_and_the_consultant_earns_the_same(two):
    ada, grace = two
    member(ada)
    made = booked(ada, grace, number=5)
    assert made.total == Money(43_200)
    assert minor(escrow_of(made.booking_id), DISCOUNTS) == [48_000, -4_800]
    with unit_of_work(grace.actor, now=NOW) as uow:
        bookings.cancel_booking(uow, booking_id=made.booking_id)
    assert minor(escrow_of(made.booking_id), DISCOUNTS, "refunds:sandbox") == [0, 0, 43_200]


def test_half_refunded_client_and_house_get_their_halves(two):
    ada, grace = two
    member(ada)
    made = booked(ada, grace, number=20)
    with Session() as db:
        start = booking_queries.booking(db, made.booking_id, ada, NOW).starts_at
    with unit_of_work(ada, now=start - timedelta(hours=5)) as uow:
        assert bookings.cancel_booking(uow, booking_id=made.booking_id) == Money(21_600)
    assert minor(escrow_of(made.booking_id), DISCOUNTS, "refunds:sandbox") == [24_000, -2_400, 21_600]


def test_an_included_session_costs_nothing_and_is_there_once_a_month(two):
    ada, grace = two
    holding_id = member(ada)
    made = booked(ada, grace, number=5, choice=Choice(use_plan=holding_id))
    assert made.total == Money(0)
    assert minor(escrow_of(made.booking_id), credits_of(holding_id), MEMBERSHIPS) == [48_000, 0, -18_000]
    with pytest.raises(CreditsUsedUp):
        booked(ada, grace, number=6, choice=Choice(use_plan=holding_id))


def test_a_session_dearer_than_the_plan_includes_is_refused(two):
    ada, grace = two
    holding_id = member(ada, included_max=Money(47_999))
    with pytest.raises(PlanDoesNotFit):
        booked(ada, grace, number=5, choice=Choice(use_plan=holding_id))


def test_who_is_a_member_cannot_become_one_and_terms_must_make_sense(two):
    ada, _ = two
    member(ada)
    with unit_of_work(now=NOW) as uow:
        other = make.membership(uow)
        with pytest.raises(AlreadyMember):
            actions.order_plan(make.acting(uow, ada), order_id=new_id(), product_id=other)
        with pytest.raises(Invalid):
            make.membership(uow, discount_bps=5_001)


def test_the_clock_renews_it_through_the_gateway(two, clockwork):
    ada, _grace = two
    holding_id = member(ada)
    clockwork(MONTH_OVER - timedelta(minutes=1))
    assert plan(holding_id, ada).expires_at == MONTH_OVER
    clockwork(MONTH_OVER)
    seen = plan(holding_id, ada)
    assert (seen.expires_at, seen.left_units, seen.in_grace) == (datetime(2027, 1, 24, 9, 0, tzinfo=UTC), 100, False)
    assert minor(credits_of(holding_id), MEMBERSHIPS) == [30_000, 30_000], "the month nobody used is the house's"
    clockwork(MONTH_OVER + timedelta(minutes=5))
    assert minor("gateway:sandbox") == [-60_000], "asked once more, it is paid once"


def test_cancelled_it_ends_with_the_month_that_is_paid_for(two, clockwork):
    ada, _ = two
    holding_id = member(ada)
    for change in (actions.cancel_membership, actions.resume_membership, actions.cancel_membership):
        with unit_of_work(ada, now=NOW) as uow:
            change(uow, holding_id=holding_id)
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
        for change in (actions.cancel_membership, actions.resume_membership):
            with pytest.raises(NotFound):
                change(make.acting(uow, bob), holding_id=holding_id)
        assert queries.membership_of(uow.db, ada.user_id, MONTH_OVER - DAY)
    clockwork(MONTH_OVER)
    seen = plan(holding_id, ada)
    assert (seen.active, seen.ended_reason) == (False, "cancelled")
    assert minor("gateway:sandbox", credits_of(holding_id), MEMBERSHIPS) == [-30_000, 0, 30_000]


def test_refused_it_stands_for_three_days_and_is_tried_every_day(two, clockwork):
    ada, grace = two
    holding_id = member(ada, price=Money(30_013))
    clockwork(MONTH_OVER)
    seen = plan(holding_id, ada)
    assert (seen.active, seen.in_grace, seen.grace_until) == (True, True, MONTH_OVER + 3 * DAY)
    with Session() as db:
        assert queries.membership_of(db, ada.user_id, MONTH_OVER + 2 * DAY), "the member's price stands"
        service = queries.usable_for(db, ada.user_id, _service(db, grace), MONTH_OVER + DAY)
        assert service == [], "included sessions do not"
    clockwork(MONTH_OVER + timedelta(hours=5))
    clockwork(MONTH_OVER + DAY)
    clockwork(MONTH_OVER + 3 * DAY)
    seen = plan(holding_id, ada)
    assert (seen.active, seen.ended_reason) == (False, "lapsed")
    assert minor("gateway:sandbox", credits_of(holding_id)) == [-30_013, 0]


def test_paid_within_the_days_of_grace_it_goes_on_from_the_day_it_ended(two, clockwork, monkeypatch):
    ada, _ = two
    holding_id = member(ada, price=Money(30_013))
    clockwork(MONTH_OVER)
    monkeypatch.setattr("zhixun.adapters.payment_gateway.sandbox.REFUSED_CENTS", 99)
    clockwork(MONTH_OVER + DAY)
    seen = plan(holding_id, ada)
    assert (seen.in_grace, seen.expires_at) == (False, datetime(2027, 1, 24, 9, 0, tzinfo=UTC))


def test_money_that_comes_after_the_end_goes_back(two, clockwork):
    ada, _ = two
    holding_id = member(ada, price=Money(30_013))
    clockwork(MONTH_OVER)
    clockwork(MONTH_OVER + 3 * DAY)
    with Session() as db:
        late = next(one for one in _orders(db, ada) if one.kind == "renewal")
    with unit_of_work(now=MONTH_OVER + 4 * DAY) as uow:
        make.pay_order(uow, late.id)
        actions.fulfil_if_paid(uow, order_id=late.id)
        assert payments.refunded_total(uow.db, f"order:{late.id}") == Money(30_013)
    assert not plan(holding_id, ada).active


def _service(db, grace):
    return catalog.service(db, grace.service_id)


def _orders(db, ada):
    return list(db.scalars(select(Order).where(Order.person_id == ada.user_id)))
