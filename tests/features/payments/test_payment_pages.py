"""The way to the gateway and back, the sandbox's own page, and what gateways report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.accounts import actions as accounts
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.rules import State
from zhixun.features.ledger import queries as ledger
from zhixun.features.payments import queries
from zhixun.features.payments.models import Payment
from zhixun.features.payments.ports import Capture, PaymentGateways
from zhixun.features.payments.rules import PaymentState
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, new_id


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def held(app: Flask) -> tuple[Actor, str, str]:
    """Ada, her held booking and its payment."""
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
        return ada, booking_id, payment_of(uow.db, booking_id).id


def payment_of(db, booking_id: str) -> queries.PaymentView:  # type: ignore[no-untyped-def]
    found = queries.payment_for(db, f"booking:{booking_id}")
    assert found
    return found


def booking_of(booking_id: str) -> booking_queries.BookingView:
    with Session() as db:
        return booking_queries.booking(db, booking_id, SYSTEM, NOW)


def paid_back(booking_id: str) -> Money:
    with Session() as db:
        return queries.refunded_total(db, f"booking:{booking_id}")


def sandbox(browser: Visitor, payment_id: str, outcome: str):  # type: ignore[no-untyped-def]
    return browser.post(f"/sandbox/pay/{payment_id}", outcome=outcome)


def test_the_sandbox_says_that_it_is_one_what_for_and_how_much(app: Flask, held: tuple[Actor, str, str]) -> None:
    ada, _, payment_id = held
    answer = Visitor(app, ada, english=True).get(f"/sandbox/pay/{payment_id}")
    said = words(answer)
    in_zone = "Beijing time (UTC+8)"
    for one in ("No money moves", "¥480.00", "One hour with Grace, ", "Pay twice by mistake", in_zone):
        assert one in said, one
    assert statements(answer) <= STATEMENTS_MAX
    assert "沙箱支付方" in words(Visitor(app, ada).get(f"/sandbox/pay/{payment_id}"))


def test_paying_confirms_before_the_worker_wakes(app: Flask, held: tuple[Actor, str, str]) -> None:
    ada, booking_id, payment_id = held
    browser = Visitor(app, ada)
    back = sandbox(browser, payment_id, "pay")
    assert back.headers["Location"] == f"/pay/{payment_id}/return"
    session = browser.follow(back)
    assert session.headers["Location"] == f"/sessions/{booking_id}"
    assert "预约成功" in words(browser.follow(session))
    assert booking_of(booking_id).state is State.CONFIRMED


def test_paying_is_pressed_twice_and_charged_once(
    app: Flask, held: tuple[Actor, str, str], deliver_all: Callable[[], None]
) -> None:
    ada, booking_id, payment_id = held
    browser = Visitor(app, ada)
    for _ in range(2):
        sandbox(browser, payment_id, "pay")
    deliver_all()
    assert booking_of(booking_id).state is State.CONFIRMED
    with Session() as db:
        assert queries.captured_total(db, f"booking:{booking_id}") == make.PRICE
        assert ledger.verify(db).holds
    assert paid_back(booking_id) == Money(0)
    assert "This is paid already." in words(Visitor(app, ada, english=True).get(f"/sandbox/pay/{payment_id}"))
    again = browser.get(f"/pay/{payment_id}")
    assert again.headers["Location"] == f"/pay/{payment_id}/return", "what is paid is not sent to the gateway again"


def test_paying_twice_sends_the_second_payment_back(
    app: Flask, held: tuple[Actor, str, str], deliver_all: Callable[[], None]
) -> None:
    ada, booking_id, payment_id = held
    sandbox(Visitor(app, ada), payment_id, "pay_twice")
    deliver_all()
    assert booking_of(booking_id).state is State.CONFIRMED
    assert paid_back(booking_id) == Money(0), "what counts for the booking stays"
    with Session() as db:
        assert ledger.verify(db).holds


def test_a_refused_payment_says_why_and_can_be_tried_again(app: Flask, held: tuple[Actor, str, str]) -> None:
    ada, booking_id, payment_id = held
    browser = Visitor(app, ada, english=True)
    page = browser.follow(sandbox(browser, payment_id, "fail"))
    said = words(page)
    assert "The payment did not go through" in said
    assert "The time is held for you until 17:15." in said
    assert 'http-equiv="refresh"' not in page.text
    assert booking_of(booking_id).state is State.HELD
    assert "The last payment did not go through." in words(browser.get(f"/checkout/{booking_id}"))
    assert browser.get(f"/pay/{payment_id}").headers["Location"] == f"/en/sandbox/pay/{payment_id}"
    sandbox(browser, payment_id, "pay")
    browser.get(f"/sessions/{booking_id}")
    assert booking_of(booking_id).state is State.CONFIRMED


def test_who_pays_late_gets_the_time_if_it_is_free(
    app: Flask, held: tuple[Actor, str, str], deliver_all: Callable[[], None]
) -> None:
    ada, booking_id, payment_id = held
    sandbox(Visitor(app, ada), payment_id, "pay_late")
    deliver_all()
    assert booking_of(booking_id).state is State.CONFIRMED
    with Session() as db:
        states = [step.state for step in booking_queries.timeline(db, booking_id)]
        assert states == [State.HELD, State.EXPIRED, State.PAID, State.CONFIRMED]
        assert ledger.verify(db).holds


def test_who_pays_late_for_a_time_that_is_gone_gets_the_money_back(
    app: Flask, clock: time_machine.Traveller, deliver_all: Callable[[], None]
) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
        payment_id = payment_of(uow.db, booking_id).id
        start = booking_queries.booking(uow.db, booking_id, ada, NOW).starts_at
    clock.shift(timedelta(minutes=16))
    with unit_of_work() as uow:
        bookings.pass_time(uow, booking_id=booking_id)
    with unit_of_work() as uow:
        make.paid_booking(uow, client=make.client(uow, "Bob"), consultant=grace, start=start)
    browser = Visitor(app, ada, english=True)
    assert "Paying now is paying late" in words(browser.get(f"/sandbox/pay/{payment_id}"))
    browser.follow(browser.follow(sandbox(browser, payment_id, "pay_late")))
    deliver_all()
    assert booking_of(booking_id).state is State.CANCELLED
    assert paid_back(booking_id) == make.PRICE
    page = words(browser.get(f"/sessions/{booking_id}"))
    assert "¥480.00 has gone back the way you paid." in page
    assert "¥480.00 sent back" in page, "it stands in the story too"


@pytest.mark.parametrize("outcome", ["", "win", "pay" * 1000])
def test_an_outcome_there_is_not_is_refused(app: Flask, held: tuple[Actor, str, str], outcome: str) -> None:
    ada, _, payment_id = held
    answer = sandbox(Visitor(app, ada, english=True), payment_id, outcome)
    assert (answer.status_code, "An outcome is pay, fail, pay_twice or pay_late." in words(answer)) == (400, True)


def test_only_the_payer_pays(app: Flask, held: tuple[Actor, str, str]) -> None:
    _, _, payment_id = held
    with unit_of_work(now=NOW) as uow:
        others = [make.client(uow, "Bob"), make.operator(uow)]
    for other in others:
        browser = Visitor(app, other)
        for path in (f"/sandbox/pay/{payment_id}", f"/pay/{payment_id}", f"/pay/{payment_id}/return"):
            assert browser.get(path).status_code == 404
        assert sandbox(browser, payment_id, "pay").status_code == 404
    assert Visitor(app).get(f"/sandbox/pay/{payment_id}").headers["Location"].startswith("/sign-in?next=")
    assert Visitor(app, others[0]).get("/pay/nonsense").status_code == 404
    with Session() as db:
        assert queries.payment(db, payment_id, SYSTEM).state is PaymentState.PENDING


def test_the_sandbox_page_is_for_sandbox_payments_only(app: Flask, held: tuple[Actor, str, str]) -> None:
    ada, _, payment_id = held
    with unit_of_work() as uow:
        uow.db.get_one(Payment, payment_id).gateway = "stripe"
    assert Visitor(app, ada).get(f"/sandbox/pay/{payment_id}").status_code == 404
    assert sandbox(Visitor(app, ada), payment_id, "pay").status_code == 404


def test_who_comes_back_before_the_report_waits_on_a_page_that_looks_again(
    app: Flask, held: tuple[Actor, str, str], clock: time_machine.Traveller
) -> None:
    ada, _, payment_id = held
    browser = Visitor(app, ada, english=True)
    page = browser.get(f"/pay/{payment_id}/return")
    assert "Checking your payment" in words(page)
    assert '<meta http-equiv="refresh" content="3">' in page.text
    assert statements(page) <= STATEMENTS_MAX
    clock.shift(timedelta(minutes=16))
    over = browser.get(f"/pay/{payment_id}/return")
    assert "No payment has arrived" in words(over)
    assert 'http-equiv="refresh"' not in over.text


def report(app: Flask, capture: Capture, *, gateway: str = "sandbox", **changed: str):  # type: ignore[no-untyped-def]
    body, headers = service(PaymentGateways)["sandbox"].sign(capture)
    return app.test_client().post(f"/api/v1/payments/webhooks/{gateway}", data=body, headers=headers | changed)


def test_a_signed_report_is_counted_once_however_often_it_comes(
    app: Flask, held: tuple[Actor, str, str], deliver_all: Callable[[], None]
) -> None:
    _, booking_id, payment_id = held
    capture = Capture(payment_id, "ch_1", make.PRICE)
    answers = [report(app, capture) for _ in range(3)]
    assert [answer.json["received"] for answer in answers] == ["captured", "already_captured", "already_captured"]
    deliver_all()
    assert booking_of(booking_id).state is State.CONFIRMED


def test_reports_that_are_not_the_providers_are_refused(
    app: Flask, held: tuple[Actor, str, str], clock: time_machine.Traveller
) -> None:
    _, _, payment_id = held
    capture = Capture(payment_id, "ch_1", make.PRICE)
    forged = report(app, capture, **{"X-Sandbox-Signature": "t=1,v1=00"})
    assert (forged.status_code, forged.json["code"]) == (403, "forbidden")
    assert app.test_client().post("/api/v1/payments/webhooks/sandbox", data=b"{}").status_code == 403
    assert report(app, capture, gateway="nobody").status_code == 404
    body, headers = service(PaymentGateways)["sandbox"].sign(capture)
    clock.shift(timedelta(minutes=6))
    old = app.test_client().post("/api/v1/payments/webhooks/sandbox", data=body, headers=headers)
    assert old.status_code == 403
    with Session() as db:
        assert queries.payment(db, payment_id, SYSTEM).state is PaymentState.PENDING


def test_money_for_nothing_we_know_is_answered_but_not_booked(app: Flask) -> None:
    answer = report(app, Capture(new_id(), "ch_1", make.PRICE))
    assert (answer.status_code, answer.json["received"]) == (200, "unknown_payment")


def test_programs_use_the_sandbox_too(app: Flask, held: tuple[Actor, str, str]) -> None:
    ada, _, payment_id = held
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
        tokens = [accounts.sign_in(uow, user_id=who.user_id, kind="api").token for who in (ada, bob)]
    path, http = f"/api/v1/payments/{payment_id}/sandbox", app.test_client()
    mine, bobs = ({"Authorization": f"Bearer {token}"} for token in tokens)
    assert http.post(path, json={"outcome": "pay"}, headers=bobs).status_code == 404
    assert http.post(path, json={"outcome": "pay"}).status_code == 401
    for wrong in ({}, {"outcome": "win"}, ["pay"], {"outcome": {}}):
        refused = http.post(path, json=wrong, headers=mine)
        assert (refused.status_code, refused.json["code"]) == (400, "invalid")
    for unreadable in (b"", b"{", b"\xff", b'{"a":' * 5_000):
        assert http.post(path, data=unreadable, headers=mine, content_type="application/json").status_code == 400
    paid = http.post(path, json={"outcome": "pay"}, headers=mine)
    assert (paid.status_code, paid.json["state"]) == (200, "captured")
    assert paid.json["amount"] == {"amount_minor": 48_000, "currency": "CNY"}


def test_a_wrong_amount_is_sent_back_whole(
    app: Flask, held: tuple[Actor, str, str], deliver_all: Callable[[], None]
) -> None:
    _, booking_id, payment_id = held
    capture = Capture(payment_id, "ch_1", make.PRICE)
    assert report(app, replace(capture, amount=Money(1))).json["received"] == "wrong_amount"
    deliver_all()
    assert booking_of(booking_id).state is State.HELD
    with Session() as db:
        assert ledger.verify(db).holds
