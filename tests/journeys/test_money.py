"""The way of the money, from the payer to the consultant or back, with every fact delivered as the worker does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests import make
from zhixun.app import fulfil_ports, subscribe_all
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.rules import State
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import COMMISSION, consultant_account
from zhixun.features.payments import queries as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.kernel import outbox, services
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM
from zhixun.settings import Settings

NOW, PRICE = make.NOW, make.PRICE
HOUR = timedelta(hours=1)


class House:
    def __init__(self, deliver: Callable[[], None]) -> None:
        self.deliver = deliver
        self.ada, self.grace = make.pair()
        with unit_of_work(now=NOW) as uow:
            self.start = make.slot(uow, self.grace, number=8)
            self.booking_id = make.held_booking(uow, client=self.ada, consultant=self.grace, start=self.start)

    def at(self, now, deed, *args, who=SYSTEM, **keywords):
        with unit_of_work(who, now=now) as uow:
            deed(uow, *args, **keywords)
        self.deliver()

    @property
    def state(self) -> State:
        with Session() as db:
            return booking_queries.booking(db, self.booking_id, SYSTEM, NOW).state

    def sums(self) -> dict[str, int]:
        """Kind of account → balance; the books hold at every look."""
        with Session() as db:
            found = ledger.verify(db)
        assert found.holds, found.problems
        return {kind: total for kind, total in found.sums.get("CNY", {}).items() if total}


@pytest.fixture
def house(db_url, tmp_path: Path, deliver_all, monkeypatch):
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    fulfil_ports(Settings(data_dir=tmp_path, secret_key="for tests only"), db_url)
    subscribe_all()
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: NOW)
    yield House(deliver_all)
    outbox.forget_all()


def test_the_price_of_a_session_goes_to_the_consultant_less_commission(house):
    house.at(NOW, make.pay, house.booking_id)
    assert house.state is State.CONFIRMED
    assert house.sums() == {"escrow": 48_000, "gateway": -48_000}
    house.at(house.start, bookings.join_session, who=house.ada, booking_id=house.booking_id)
    house.at(house.start, bookings.begin_session, who=house.grace.actor, booking_id=house.booking_id)
    done = house.start + HOUR
    house.at(done, bookings.complete_session, who=house.ada, booking_id=house.booking_id)
    house.at(done + 48 * HOUR, bookings.release_money, booking_id=house.booking_id)
    assert house.sums() == {"consultant": 42_240, "platform": 5_760, "gateway": -48_000}
    with Session() as db:
        [line] = ledger.statement(db, house.grace.id)
        assert (line.gross, line.net + line.commission) == (PRICE, PRICE)
        assert ledger.balance(db, consultant_account(house.grace.id)) == line.net
        assert ledger.balance(db, COMMISSION) == line.commission


def test_the_money_of_a_cancelled_session_is_back_with_its_payer(house):
    house.at(NOW, make.pay, house.booking_id)
    house.at(NOW, bookings.cancel_booking, who=house.ada, booking_id=house.booking_id)
    assert house.state is State.CANCELLED
    assert house.sums() == {}


def test_half_goes_back_and_half_is_earned_when_it_is_cancelled_on_the_day(house):
    house.at(NOW, make.pay, house.booking_id)
    house.at(house.start - 3 * HOUR, bookings.cancel_booking, who=house.ada, booking_id=house.booking_id)
    assert house.sums() == {"escrow": 24_000, "gateway": -24_000}
    house.at(house.start + 50 * HOUR, bookings.release_money, booking_id=house.booking_id)
    assert house.sums() == {"consultant": 21_120, "platform": 2_880, "gateway": -24_000}


def test_who_pays_twice_has_the_second_back_by_itself(house):
    for charge in ("first", "second", "first", "second"):
        house.at(NOW, make.pay, house.booking_id, charge=charge)
    assert house.state is State.CONFIRMED
    assert house.sums() == {"escrow": 48_000, "gateway": -48_000}


def test_who_pays_too_late_for_a_time_that_is_gone_has_the_money_back_by_itself(house):
    late = NOW + timedelta(minutes=16)
    house.at(late, bookings.pass_time, booking_id=house.booking_id)
    assert house.state is State.EXPIRED
    with unit_of_work(now=late) as uow:
        bob = make.client(uow, "Bob")
        make.paid_booking(uow, client=bob, consultant=house.grace, start=house.start)
    house.at(late, make.pay, house.booking_id)
    assert house.state is State.CANCELLED
    assert house.sums() == {"escrow": 48_000, "gateway": -48_000}  # Bob's


def test_the_wrong_amount_goes_back_and_the_right_one_still_counts(house):
    house.at(NOW, make.pay, house.booking_id, charge="wrong", amount=make.Money(1))
    assert house.state is State.HELD
    assert house.sums() == {}
    house.at(NOW, make.pay, house.booking_id, charge="right")
    assert house.state is State.CONFIRMED
    with Session() as db:
        assert payments.captured_total(db, purpose_of_booking(house.booking_id)) == PRICE


def test_a_consultant_who_does_not_come_earns_nothing(house):
    house.at(NOW, make.pay, house.booking_id)
    house.at(house.start, bookings.join_session, who=house.ada, booking_id=house.booking_id)
    house.at(house.start + HOUR, bookings.pass_time, booking_id=house.booking_id)
    assert house.state is State.NO_SHOW
    house.at(house.start + 60 * HOUR, bookings.release_money, booking_id=house.booking_id)
    assert house.sums() == {}
