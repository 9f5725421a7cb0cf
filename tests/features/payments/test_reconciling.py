"""Our payments and books beside the gateway's own records: every kind of difference, made through the sandbox."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, text

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.adapters.payment_gateway.sandbox import SandboxGateway
from zhixun.events.payments import RefundRequested
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.booking import actions as bookings
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import gateway_account
from zhixun.features.payments import actions, commands, handlers, jobs, queries, rules
from zhixun.features.payments.models import Reconciliation
from zhixun.features.payments.ports import Capture, PaymentGateways
from zhixun.features.payments.queries import ReconciliationView
from zhixun.features.payments.routes import hear
from zhixun.features.payments.rules import Differs, Record
from zhixun.kernel.errors import Invalid
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, new_id

DAY = NOW.date()
PRICE = make.PRICE
BOOKS = gateway_account("sandbox")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def paid(app: Flask) -> str:
    """A booking paid through the sandbox, by its own signed report."""
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
    capture = Capture(payment_of(booking_id), f"ch-{booking_id}", PRICE)
    assert hear("sandbox", *sandbox().sign(capture)) == "captured"
    with unit_of_work(now=NOW) as uow:
        bookings.confirm_if_paid(uow, booking_id=booking_id)
    return booking_id


def sandbox() -> SandboxGateway:
    found = service(PaymentGateways)["sandbox"]
    assert isinstance(found, SandboxGateway)
    return found


def payment_of(booking_id: str) -> str:
    with Session() as db:
        found = queries.payment_for(db, f"booking:{booking_id}")
    assert found
    return found.id


def compared(day: date = DAY) -> ReconciliationView:
    from_, until = rules.day_bounds(day)
    records = sandbox().records(from_ - rules.AROUND, until + rules.AROUND)
    with unit_of_work(now=NOW) as uow:
        return actions.reconcile(uow, gateway="sandbox", day=day, records=records)


def told(found: ReconciliationView) -> list[tuple[str, str, int | None, int | None]]:
    return [
        (one.kind, one.subject, one.theirs and one.theirs.amount_minor, one.ours and one.ours.amount_minor)
        for one in found.differences
    ]


def cancelled(booking_id: str) -> str:
    """The client's money is asked back; the refund has the booking's id."""
    with unit_of_work(now=NOW) as uow:
        bookings.cancel_booking(make.acting(uow, SYSTEM), booking_id=booking_id)
    return booking_id


def balanced(found: ReconciliationView) -> bool:
    return all(sum(line.amount.amount_minor for line in one.proposed) == 0 for one in found.differences)


def test_what_went_through_the_sandbox_agrees(paid: str) -> None:
    refund_id = cancelled(paid)
    handlers.send_money_back(RefundRequested(refund_id=refund_id, payment_id=payment_of(paid)))
    found = compared()
    assert (found.charges, found.refunds, found.differences, found.holds) == (1, 1, (), True)


def test_a_charge_only_the_gateway_has(paid: str) -> None:
    stray = Record("charge", "ch-stray", new_id(), Money(9_900), NOW)
    sandbox().note(stray)
    found = compared()
    assert told(found) == [(Differs.MISSING_HERE, "charge", 9_900, None)]
    assert [(line.account, line.amount.amount_minor) for line in found.differences[0].proposed] == [
        (BOOKS, -9_900), ("refunds:sandbox", 9_900),
    ]  # fmt: skip


def test_a_report_that_never_came_is_found(app: Flask) -> None:
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
    sandbox().sign(Capture(payment_of(booking_id), "ch-lost", PRICE))
    assert told(compared()) == [(Differs.MISSING_HERE, "charge", 48_000, None)]


def test_a_charge_only_we_have(app: Flask) -> None:
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        booking_id = make.paid_booking(uow, client=ada, consultant=grace)
    found = compared()
    assert told(found) == [(Differs.MISSING_THERE, "charge", None, 48_000)]
    assert [line.account for line in found.differences[0].proposed] == [f"escrow:booking:{booking_id}", BOOKS]
    assert balanced(found)


def test_another_amount_on_the_other_side(paid: str) -> None:
    with Session.begin() as db:
        db.execute(text("UPDATE payments_charges SET amount_minor = 40000"))
    found = compared()
    assert told(found) == [(Differs.AMOUNT, "charge", 48_000, 40_000)]
    assert found.differences[0].proposed[0].amount == Money(-8_000)
    with Session.begin() as db:
        db.execute(text("UPDATE payments_charges SET amount_minor = 48000, currency = 'USD'"))
    found = compared()
    assert told(found) == [(Differs.AMOUNT, "charge", 48_000, 48_000)]
    assert found.differences[0].proposed == ()


def test_a_refund_that_went_and_was_not_noted_here(paid: str) -> None:
    refund_id = cancelled(paid)
    sandbox().refund(refund_id, payment_of(paid), f"ch-{paid}", PRICE)  # and then the process died
    found = compared()
    assert told(found) == [(Differs.NOT_CONFIRMED, "refund", 48_000, 48_000)]
    assert [(line.account, line.amount.amount_minor) for line in found.differences[0].proposed] == [
        (BOOKS, 48_000), ("refunds:sandbox", -48_000),
    ]  # fmt: skip
    handlers.send_money_back(RefundRequested(refund_id=refund_id, payment_id=payment_of(paid)))
    assert compared().holds, "the retry of the outbox mends it"


def test_refunds_that_one_side_lacks_or_has_otherwise(paid: str) -> None:
    refund_id = cancelled(paid)
    assert compared().holds, "asked for and not sent yet is no difference"
    with unit_of_work(now=NOW) as uow:
        actions.record_refund(uow, refund_id=refund_id, provider_ref="never sent")
    assert told(compared()) == [(Differs.MISSING_THERE, "refund", None, 48_000)]
    sandbox().note(
        Record("refund", "rf", refund_id, Money(47_999), NOW), Record("refund", "rf2", new_id(), Money(5), NOW)
    )
    found = compared()
    assert sorted(told(found), key=str) == [
        (Differs.AMOUNT, "refund", 47_999, 48_000), (Differs.MISSING_HERE, "refund", 5, None),
    ]  # fmt: skip
    assert balanced(found)


def test_money_that_is_not_in_the_books(paid: str) -> None:
    with Session() as db:
        [kept] = queries.kept_between(db, "sandbox", from_=NOW, until=NOW + timedelta(hours=1))
    assert kept.booked == PRICE
    record = Record("charge", kept.reference, kept.our_id, PRICE, NOW)
    from_, until = rules.day_bounds(DAY)
    for booked, owed in ((None, -48_000), (Money(40_000), -8_000)):
        unbooked = rules.Kept("charge", kept.reference, kept.our_id, kept.purpose, PRICE, NOW, booked)
        [one] = rules.compare([record], [unbooked], gateway="sandbox", from_=from_, until=until)
        assert (one.kind, one.proposed[0].amount.amount_minor) == (Differs.NOT_BOOKED, owed)


def test_midnight_is_no_difference(app: Flask, clock: time_machine.Traveller) -> None:
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        booking_id = make.held_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=9))
    before, after = (rules.day_bounds(DAY)[1] + timedelta(seconds=by) for by in (-1, 1))
    clock.move_to(before)
    body, headers = sandbox().sign(Capture(payment_of(booking_id), "ch-midnight", PRICE))
    clock.move_to(after)
    hear("sandbox", body, headers)
    with unit_of_work(now=after + timedelta(days=2)) as uow:
        for day in (DAY, DAY + timedelta(days=1)):
            from_, until = rules.day_bounds(day)
            records = sandbox().records(from_ - rules.AROUND, until + rules.AROUND)
            assert actions.reconcile(uow, gateway="sandbox", day=day, records=records).holds


def test_comparing_again_replaces_what_was_found_and_books_nothing(paid: str) -> None:
    sandbox().note(Record("charge", "ch-stray", new_id(), Money(9_900), NOW))
    with Session() as db:
        before = ledger.verify(db)
    for _ in range(2):
        assert len(compared().differences) == 1
    with Session() as db:
        assert ledger.verify(db) == before
        [kept] = queries.reconciliations(db, SYSTEM)
        assert queries.open_differences(db, NOW) == {"sandbox": 1}
    assert told(kept) == [(Differs.MISSING_HERE, "charge", 9_900, None)]


def test_the_night_compares_every_day_that_is_over_once(paid: str, clock: time_machine.Traveller) -> None:
    compared()  # while the day is not over: it is compared again at night
    clock.move_to(NOW + timedelta(days=1))
    jobs.reconcile_nightly()
    with Session() as db:
        found = queries.reconciliations(db, SYSTEM)
        assert [one.day for one in found] == [DAY - timedelta(days=back) for back in range(rules.RECONCILED_DAYS)]
        assert found[0].checked_at == NOW + timedelta(days=1)
        assert (found[0].charges, all(one.holds for one in found)) == (1, True)
        assert queries.not_reconciled(db, "sandbox", DAY + timedelta(days=1)) == []
    with Session.begin() as db:
        db.execute(delete(Reconciliation).where(Reconciliation.day == DAY))
    jobs.reconcile_nightly()
    with Session() as db:
        assert queries.reconciliations(db, SYSTEM)[0].day == DAY


def test_the_command_says_it_and_ends_with_one(paid: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = Namespace(gateway="sandbox", day=DAY.isoformat(), json=True)
    assert commands._reconcile(asked) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True
    sandbox().note(Record("charge", "ch-stray", new_id(), Money(9_900), NOW))
    assert commands._reconcile(asked) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["day"], said["charges"], said["holds"]) == ("2026-11-24", 2, False)
    [one] = said["differences"]
    assert (one["kind"], one["theirs"], one["ours"]) == (
        "missing_here",
        {"amount_minor": 9_900, "currency": "CNY"},
        None,
    )
    assert [line["amount"]["amount_minor"] for line in one["proposed"]] == [-9_900, 9_900]
    asked.json = False
    assert commands._reconcile(asked) == 1
    assert "the gateway has it, we do not" in capsys.readouterr().out
    for wrong in (
        {"gateway": "bank"},
        {"day": "soon"},
        {"day": "2026-13-01"},
        {"day": "9999-12-31"},
        {"day": "2027-01-01"},
    ):
        assert commands._reconcile(Namespace(**(vars(asked) | wrong))) == 2


def test_the_desk_sees_and_compares(app: Flask, paid: str) -> None:
    with unit_of_work(now=NOW) as uow:
        finance = Visitor(app, make.operator(uow, "Fiona", role="finance"), english=True)
        support = Visitor(app, make.operator(uow, "Sue", role="support"))
    where = "/ops/reconciliation"
    assert "Nothing compared yet" in words(finance.get(where))
    done = finance.post(where, gateway="sandbox", day=DAY.isoformat())
    assert "2026-11-24: both agree." in words(finance.follow(done))
    sandbox().note(Record("charge", "ch-stray", new_id(), Money(9_900), NOW))
    page = finance.follow(finance.post(where, gateway="sandbox", day=DAY.isoformat()))
    for said in ("they differ", "1 difference", "Only the gateway has it", "ch-stray", "¥99.00", "−¥99.00"):
        assert said in words(page)
    assert statements(page) <= STATEMENTS_MAX
    for day in ("", "soon", "2026-02-30", "2027-01-01", "0001-01-01", "9999-12-31"):
        refused = finance.post(where, gateway="sandbox", day=day)
        assert (refused.status_code, day in refused.text) == (400, True)
    assert finance.post(where, gateway="bank", day=DAY.isoformat()).status_code == 404
    assert support.get(where).status_code == 403
    assert support.post(where, gateway="sandbox", day=DAY.isoformat()).status_code == 403
    assert "/ops/reconciliation" not in support.get("/ops").text


def test_the_metrics_count_what_differs(app: Flask, paid: str) -> None:
    http = app.test_client()
    compared()
    assert 'zhixun_reconciliation_differences{gateway="sandbox"} 0' in http.get("/metrics").text
    sandbox().note(Record("charge", "ch-stray", new_id(), Money(9_900), NOW))
    compared()
    assert 'zhixun_reconciliation_differences{gateway="sandbox"} 1' in http.get("/metrics").text


def test_only_who_may_pay_out_compares_and_never_ahead(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada: Actor = make.client(uow)
        with pytest.raises(RightNeeded):
            actions.reconcile(make.acting(uow, ada), gateway="sandbox", day=DAY, records=[])
        with pytest.raises(Invalid):
            actions.reconcile(uow, gateway="sandbox", day=DAY + timedelta(days=1), records=[])
