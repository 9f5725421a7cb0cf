"""Money comes in once, whatever the provider reports, how often and in which order; and goes back once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests import make
from zhixun.events.payments import PaymentCaptured, PaymentFailed, RefundCompleted, RefundRequested
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_for, gateway_account, refunds_account
from zhixun.features.payments import actions, handlers, queries
from zhixun.features.payments.actions import RefundTooMuch
from zhixun.features.payments.models import Charge, ProviderEvent
from zhixun.features.payments.ports import Capture, Failure, PaymentGateways
from zhixun.features.payments.rules import PaymentState, Settlement
from zhixun.kernel import services
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, new_id

NOW = make.NOW
PRICE = make.PRICE
GATEWAY = "sandbox"

pytestmark = pytest.mark.usefixtures("db_url")


def asked(amount: Money = PRICE) -> tuple[str, str]:
    """(payment id, purpose) of a payment Ada is asked for."""
    with unit_of_work(now=NOW) as uow:
        purpose = f"booking:{new_id()}"
        payment_id = actions.request_payment(
            uow, payment_id=new_id(), payer_id="ada", purpose=purpose, amount=amount, gateway=GATEWAY, expires_at=NOW
        )
    return payment_id, purpose


def settle(payment_id: str, charge: str, amount: Money = PRICE, gateway: str = GATEWAY) -> tuple[Settlement, list]:
    with unit_of_work(now=NOW) as uow:
        settlement = actions.settle(uow, gateway=gateway, capture=Capture(payment_id, charge, amount))
    return settlement, uow.facts


def balance(account: str, currency: str = "CNY") -> int:
    with Session() as db:
        assert ledger.verify(db).holds
        return ledger.balance(db, account, currency).amount_minor


def refund(purpose: str, minor: int | None, *, refund_id: str | None = None) -> str:
    name = refund_id or new_id()
    with unit_of_work(now=NOW) as uow:
        amount = None if minor is None else Money(minor)
        actions.request_refund(uow, refund_id=name, purpose=purpose, amount=amount, reason="client")
    return name


class Gateway:
    """A provider that counts the refunds it was asked for, and fails when told to."""

    def __init__(self) -> None:
        self.sent: dict[str, int] = {}
        self.asked = 0
        self.failing = False

    def refund(self, refund_id, payment_id, provider_ref, amount):
        self.asked += 1
        if self.failing:
            raise ConnectionError("the provider does not answer")
        self.sent.setdefault(refund_id, amount.amount_minor)
        return f"re_{refund_id}"


@pytest.fixture
def gateway(monkeypatch) -> Gateway:
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    made = Gateway()
    services.provide(PaymentGateways, PaymentGateways({GATEWAY: made}))
    return made


def test_a_capture_lies_in_escrow_and_is_told():
    payment_id, purpose = asked()
    settlement, facts = settle(payment_id, "ch1")
    assert settlement is Settlement.CAPTURED
    [fact] = facts
    assert isinstance(fact, PaymentCaptured)
    assert (fact.payment_id, fact.purpose, fact.amount_minor) == (payment_id, purpose, PRICE.amount_minor)
    assert balance(escrow_for(purpose)) == PRICE.amount_minor
    assert balance(gateway_account(GATEWAY)) == -PRICE.amount_minor
    with Session() as db:
        seen = queries.payment(db, payment_id, Actor("ada"))
        assert seen.captured
        assert seen.captured_at == NOW
        assert queries.captured_total(db, purpose) == PRICE


def test_the_same_report_twice_counts_once():
    payment_id, purpose = asked()
    settle(payment_id, "ch1")
    settlement, facts = settle(payment_id, "ch1")
    assert settlement is Settlement.ALREADY_CAPTURED
    assert facts == []
    assert balance(escrow_for(purpose)) == PRICE.amount_minor


def test_webhook_and_return_at_the_same_moment_settle_once():
    payment_id, purpose = asked()
    barrier = Barrier(10)

    def report(_):
        barrier.wait()
        return settle(payment_id, "ch1")

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(report, range(10)))
    assert [one for one, _ in answers].count(Settlement.CAPTURED) == 1
    assert sum(len(facts) for _, facts in answers) == 1
    assert balance(escrow_for(purpose)) == PRICE.amount_minor


def test_of_two_different_charges_at_the_same_moment_one_goes_back(gateway):
    payment_id, purpose = asked()
    barrier = Barrier(2)

    def report(charge):
        barrier.wait()
        return settle(payment_id, charge)[0]

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(report, ("ch1", "ch2"))) == {Settlement.CAPTURED, Settlement.PAID_TWICE}
    assert balance(escrow_for(purpose)) == PRICE.amount_minor
    assert balance(refunds_account(GATEWAY)) == PRICE.amount_minor


@pytest.mark.parametrize(
    ("first", "amount", "expected"),
    [
        (True, PRICE, Settlement.PAID_TWICE),
        (True, Money(1), Settlement.WRONG_AMOUNT),
        (False, Money(47_999), Settlement.WRONG_AMOUNT),
        (False, Money(48_001), Settlement.WRONG_AMOUNT),
        (False, Money(48_000, "USD"), Settlement.WRONG_AMOUNT),
    ],
)
def test_what_was_not_asked_for_is_booked_and_sent_back_whole_by_itself(gateway, first, amount, expected):
    payment_id, purpose = asked()
    if first:
        settle(payment_id, "ch1")
    settlement, facts = settle(payment_id, "ch2", amount)
    assert settlement is expected
    [fact] = facts
    assert isinstance(fact, RefundRequested)
    for _ in range(2):
        handlers.send_money_back(fact)
    assert gateway.sent == {fact.refund_id: amount.amount_minor}
    assert balance(escrow_for(purpose), amount.currency) == (PRICE.amount_minor if first else 0)
    assert balance(refunds_account(GATEWAY), amount.currency) == 0
    # What counts can still come, or is still there.
    assert settle(payment_id, "ch3")[0] is (Settlement.PAID_TWICE if first else Settlement.CAPTURED)


def test_money_for_nothing_we_know_is_noted_and_books_nothing():
    payment_id, _ = asked()
    assert settle(new_id(), "ch1")[0] is Settlement.UNKNOWN_PAYMENT
    assert settle(payment_id, "ch2", gateway="stripe")[0] is Settlement.UNKNOWN_PAYMENT
    with Session() as db:
        assert db.scalars(select(Charge)).all() == []
        noted = {row.provider_ref: row.outcome for row in db.scalars(select(ProviderEvent))}
    assert noted == {"ch1": "unknown_payment", "ch2": "unknown_payment"}
    assert balance(gateway_account(GATEWAY)) == 0


@pytest.mark.parametrize("minor", [0, -1, -48_000])
def test_a_capture_of_nothing_makes_no_sense(minor):
    payment_id, _ = asked()
    with pytest.raises(Invalid):
        settle(payment_id, "ch1", Money(minor))


def test_a_failed_try_is_told_once_and_a_later_capture_still_counts():
    payment_id, purpose = asked()

    def fail(reference):
        with unit_of_work(now=NOW) as uow:
            actions.fail_payment(uow, gateway=GATEWAY, failure=Failure(payment_id, "no funds", reference))
        return uow.facts

    assert [type(fact) for fact in fail("try1")] == [PaymentFailed]
    assert fail("try1") == []
    with Session() as db:
        assert queries.payment(db, payment_id, Actor("ada")).state is PaymentState.FAILED
    assert settle(payment_id, "ch1")[0] is Settlement.CAPTURED
    assert fail("try2") == fail("") == []
    with Session() as db:
        assert queries.payment(db, payment_id, Actor("ada")).captured
        outcomes = {row.provider_ref: row.outcome for row in db.scalars(select(ProviderEvent))}
    assert outcomes == {"try1": "failed", "ch1": "captured", "try2": "failed"}
    assert balance(escrow_for(purpose)) == PRICE.amount_minor


def test_nothing_to_pay_is_paid_at_once():
    with unit_of_work(now=NOW) as uow:
        payment_id = actions.request_payment(
            uow,
            payment_id=new_id(),
            payer_id="ada",
            purpose="booking:b",
            amount=Money(0),
            gateway=GATEWAY,
            expires_at=NOW,
        )
    assert [type(fact) for fact in uow.facts] == [PaymentCaptured]
    with Session() as db:
        assert queries.payment(db, payment_id, Actor("ada")).captured
    with pytest.raises(NotFound):
        refund("booking:b", None)


def test_a_payment_is_its_payers_and_the_houses():
    payment_id, _ = asked()
    with Session() as db:
        for actor in (Actor("ada"), Actor("olga", frozenset({"operator", "finance"}))):
            assert queries.payment(db, payment_id, actor).id == payment_id
        for actor in (
            Actor("bob"),
            Actor(""),
            Actor("ed", frozenset({"operator", "content"})),
            Actor("bob", frozenset({"consultant"})),
        ):
            with pytest.raises(NotFound):
                queries.payment(db, payment_id, actor)


def test_part_goes_back_then_the_rest_and_never_more(gateway):
    payment_id, purpose = asked()
    settle(payment_id, "ch1")
    refund(purpose, 20_000)
    with pytest.raises(RefundTooMuch):
        refund(purpose, 28_001)
    with Session() as db:
        assert queries.refunded_total(db, purpose) == Money(20_000)
    refund(purpose, None)
    refund(purpose, None)
    with pytest.raises(RefundTooMuch):
        refund(purpose, 1)
    assert balance(escrow_for(purpose)) == 0
    assert balance(refunds_account(GATEWAY)) == PRICE.amount_minor


@pytest.mark.parametrize("minor", [0, -5])
def test_a_refund_of_nothing_is_our_own_mistake(minor):
    payment_id, purpose = asked()
    settle(payment_id, "ch1")
    with pytest.raises(AssertionError):
        refund(purpose, minor)


def test_what_was_never_paid_cannot_go_back():
    _, purpose = asked()
    with pytest.raises(NotFound):
        refund(purpose, 1)
    with pytest.raises(NotFound):
        refund("booking:unknown", None)


def test_the_same_refund_asked_at_the_same_moment_is_one():
    payment_id, purpose = asked()
    settle(payment_id, "ch1")
    barrier, name = Barrier(6), new_id()

    def ask(_):
        barrier.wait()
        return refund(purpose, 10_000, refund_id=name)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    assert balance(refunds_account(GATEWAY)) == 10_000


def test_different_refunds_at_the_same_moment_never_give_back_more_than_was_paid():
    payment_id, purpose = asked()
    settle(payment_id, "ch1")
    barrier = Barrier(6)

    def ask(_):
        barrier.wait()
        try:
            refund(purpose, 20_000)
        except RefundTooMuch:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(6))).count(True) == 2
    assert balance(escrow_for(purpose)) == 8_000


def test_a_crash_between_gateway_and_books_sends_the_money_once(gateway, monkeypatch):
    payment_id, purpose = asked()
    settle(payment_id, "ch1")
    fact = RefundRequested(refund_id=refund(purpose, 48_000), payment_id=payment_id)

    def crash(*_, **__):
        raise RuntimeError("the power went out")

    with monkeypatch.context() as broken:
        broken.setattr(actions, "record_refund", crash)
        with pytest.raises(RuntimeError):
            handlers.send_money_back(fact)
    assert balance(refunds_account(GATEWAY)) == 48_000
    for _ in range(3):
        handlers.send_money_back(fact)
    assert gateway.sent == {fact.refund_id: 48_000}
    assert gateway.asked == 2
    assert balance(gateway_account(GATEWAY)) == 0


def test_a_gateway_that_does_not_answer_is_asked_again(gateway):
    payment_id, purpose = asked()
    settle(payment_id, "ch1")
    fact = RefundRequested(refund_id=refund(purpose, 48_000), payment_id=payment_id)
    gateway.failing = True
    with pytest.raises(ConnectionError):
        handlers.send_money_back(fact)
    gateway.failing = False
    handlers.send_money_back(fact)
    with Session() as db:
        assert queries.refund(db, fact.refund_id).completed


def test_a_refund_recorded_twice_is_recorded_once():
    payment_id, purpose = asked()
    settle(payment_id, "ch1")
    name = refund(purpose, 10_000)
    told = []
    for _ in range(2):
        with unit_of_work(now=NOW) as uow:
            actions.record_refund(uow, refund_id=name, provider_ref="re1")
        told += uow.facts
    assert [type(fact) for fact in told] == [RefundCompleted]
    assert balance(gateway_account(GATEWAY)) == -38_000
    with pytest.raises(NotFound), unit_of_work(now=NOW) as uow:
        actions.record_refund(uow, refund_id="unknown", provider_ref="re1")
    with pytest.raises(NotFound), Session() as db:
        queries.refund(db, "unknown")


reports = st.lists(
    st.tuples(st.sampled_from(("capture", "fail", "refund", "record")), st.integers(0, 3), st.sampled_from((48_000, 48_000, 100))),
    max_size=10,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports)
def test_in_any_order_of_reports_the_books_hold_and_at_most_the_price_is_kept(history):
    payment_id, purpose = asked()
    asked_back: list[str] = []
    for kind, number, minor in history:
        with unit_of_work(now=NOW) as uow:
            if kind == "capture":
                capture = Capture(payment_id, f"ch{number}-{payment_id}", Money(minor))
                actions.settle(uow, gateway=GATEWAY, capture=capture)
            elif kind == "fail":
                actions.fail_payment(uow, gateway=GATEWAY, failure=Failure(payment_id, "no", f"f{number}-{payment_id}"))
            elif kind == "record" and asked_back:
                actions.record_refund(uow, refund_id=asked_back[number % len(asked_back)], provider_ref="re")
            elif kind == "refund":
                try:
                    actions.request_refund(
                        uow, refund_id=f"{number}-{payment_id}", purpose=purpose, amount=Money(minor), reason="client"
                    )
                except (NotFound, RefundTooMuch):
                    continue
            asked_back += [fact.refund_id for fact in uow.facts if isinstance(fact, RefundRequested)]
    assert 0 <= balance(escrow_for(purpose)) <= PRICE.amount_minor
    with Session() as db:
        kept = queries.captured_total(db, purpose) - queries.refunded_total(db, purpose)
    assert kept.amount_minor == balance(escrow_for(purpose))
