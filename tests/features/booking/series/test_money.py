"""One payment for a series, and from then on each session on its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from tests.features.booking.series.parts import (
    NOW,
    START,
    WEEK,
    asked,
    money_of,
    paid,
    standing,
    states,
)
from zhixun.events.payments import RefundCompleted
from zhixun.features.booking import actions, queries
from zhixun.features.booking.rules import State
from zhixun.features.ledger.rules import escrow_of, refunds_account
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.rules import Settlement, compare, purpose_of_booking
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Money, new_id


def test_unpaid_times_are_free_again_after_a_quarter_of_an_hour_and_late_money_comes_back_by_itself(two):
    ada, grace = two
    made, later = asked(ada, grace), NOW + timedelta(minutes=16)
    for name, _ in made.bookings:
        with unit_of_work(now=later) as uow:
            actions.pass_time(uow, booking_id=name)
    assert (states(made), standing()) == ([State.EXPIRED] * 4, 0)
    with unit_of_work(now=later) as uow:
        make.paid_booking(uow, client=make.client(uow, "Bob"), consultant=grace, start=START + WEEK)
    paid(made, now=later)
    assert states(made) == [State.CONFIRMED, State.CANCELLED, State.CONFIRMED, State.CONFIRMED]
    assert money_of(refunds_account("sandbox")) == 48_000


def test_one_session_cancelled_gives_back_its_own_price_and_touches_no_other(two):
    ada, grace = two
    made = asked(ada, grace)
    paid(made)
    with unit_of_work(ada, now=NOW) as uow:
        assert actions.cancel_booking(uow, booking_id=made.bookings[2][0]) == make.PRICE
    assert [money_of(escrow_of(name)) for name, _ in made.bookings] == [48_000, 48_000, 0, 48_000]
    with unit_of_work(ada, now=NOW) as uow:
        actions.reschedule_booking(uow, booking_id=made.bookings[3][0], start=START + 3 * WEEK + timedelta(hours=1))
    with pytest.raises(payments.RefundTooMuch), unit_of_work(now=NOW) as uow:
        payments.request_refund(
            uow, refund_id=new_id(), purpose=purpose_of_booking(made.bookings[0][0]), amount=Money(48_001), reason="x"
        )


def test_cancelling_the_rest_follows_the_ladder_of_each_session(two):
    ada, grace = two
    made = asked(ada, grace)
    paid(made)
    soon = START - timedelta(hours=3)
    with unit_of_work(ada, now=soon) as uow:
        view = queries.series_by_id(uow.db, made.series_id, ada, soon)
        promised = view.back_now(ada.user_id)
        back = actions.cancel_series(uow, series_id=made.series_id)
    assert [one.amount_minor for one in back.values()] == [24_000, 48_000, 48_000, 48_000]
    assert promised == Money(168_000)
    assert money_of(refunds_account("sandbox")) == 168_000
    with unit_of_work(ada, now=soon) as uow:
        assert actions.cancel_series(uow, series_id=made.series_id) == {}
    with pytest.raises(NotFound), unit_of_work(make.pair()[0], now=soon) as uow:
        actions.cancel_series(uow, series_id=made.series_id)


def test_what_went_back_of_one_session_is_known_by_that_session_and_the_rest_goes_back_once(two):
    ada, grace = two
    made = asked(ada, grace)
    paid(made)
    name, soon = made.bookings[0][0], START - timedelta(hours=3)
    purpose, rest = purpose_of_booking(name), new_id()
    with unit_of_work(ada, now=soon) as uow:
        actions.cancel_booking(uow, booking_id=name)
    for _ in range(2):
        with unit_of_work(SYSTEM, now=soon) as uow:
            back = actions.refund_booking(uow, refund_id=rest, booking_id=name, amount=None, reason="ill that morning")
            assert back == Money(24_000)
    with unit_of_work(SYSTEM, now=soon) as uow:
        assert actions.refund_booking(uow, refund_id=new_id(), booking_id=name, amount=None, reason="again") == Money(0)
        payments.record_refund(uow, refund_id=rest, provider_ref="re_1")
        assert [fact.purpose for fact in uow.facts if isinstance(fact, RefundCompleted)] == [purpose]
    with Session() as db:
        assert payment_queries.refunded_total(db, purpose) == make.PRICE
        assert [one.amount for one in payment_queries.refunds_for(db, purpose)] == [Money(24_000)] * 2
        assert payment_queries.refunded_total(db, purpose_of_booking(made.bookings[1][0])) == Money(0)


def test_a_session_let_go_before_paying_is_not_paid_for(two):
    ada, grace = two
    made = asked(ada, grace)
    with unit_of_work(ada, now=NOW) as uow:
        actions.cancel_booking(uow, booking_id=made.bookings[1][0])
        assert payment_queries.payment(uow.db, made.payment_id, ada).amount == Money(3 * 48_000)
    assert paid(made) is Settlement.WRONG_AMOUNT
    assert paid(made, charge="ch_2", amount=Money(3 * 48_000)) is Settlement.CAPTURED
    assert states(made) == [State.CONFIRMED, State.CANCELLED, State.CONFIRMED, State.CONFIRMED]


def test_paid_twice_the_second_goes_back_whole_and_the_provider_agrees_with_the_books(two):
    ada, grace = two
    made = asked(ada, grace)
    paid(made)
    assert paid(made, charge="ch_2") is Settlement.PAID_TWICE
    assert money_of(refunds_account("sandbox")) == made.total.amount_minor
    with Session() as db:
        kept = payment_queries.kept_between(db, "sandbox", from_=NOW - WEEK, until=NOW + WEEK)
    assert {one.booked for one in kept if one.subject == "charge"} == {made.total}
    gone = compare([], kept, gateway="sandbox", from_=NOW - WEEK, until=NOW + WEEK)
    [missing] = [one for one in gone if one.reference == "ch_1"]
    assert len(missing.proposed) == 5
