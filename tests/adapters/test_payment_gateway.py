"""What every payment gateway promises; each adapter passes the whole suite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from tests.make import NOW
from zhixun.adapters.payment_gateway.sandbox import AGE_MAX_SECONDS, SIGNATURE, SandboxGateway
from zhixun.features.payments.ports import Capture, Failure, PaymentGateway
from zhixun.kernel.errors import Forbidden, Invalid
from zhixun.kernel.values import Money, new_id


@dataclass(frozen=True)
class Gateway:
    """An adapter and the name of the header it signs with."""

    adapter: PaymentGateway
    signature: str


@pytest.fixture(params=["sandbox"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Gateway:
    return {"sandbox": Gateway(SandboxGateway("a key", tmp_path / "journal"), SIGNATURE)}[request.param]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def capture() -> Capture:
    return Capture(new_id(), "ch_1", Money(48_000))


@pytest.mark.parametrize(
    "event", [Capture("0" * 32, "ch_1", Money(48_000, "USD")), Failure("0" * 32, "card refused 卡被拒", "try_1")]
)
def test_what_was_signed_is_read_again(gateway: Gateway, event: Capture | Failure) -> None:
    assert gateway.adapter.read_webhook(*gateway.adapter.sign(event)) == event


def test_a_changed_body_is_refused(gateway: Gateway) -> None:
    body, headers = gateway.adapter.sign(capture())
    with pytest.raises(Forbidden):
        gateway.adapter.read_webhook(body.replace(b"48000", b"1"), headers)


@pytest.mark.parametrize(
    "signature", ["", "t=,v1=", "t=1", "v1=ab", "nonsense", "t=\u0661,v1=\u00e9", "t=1,v1=" + "0" * 10_000]
)
def test_a_signature_that_is_missing_or_wrong_is_refused(gateway: Gateway, signature: str) -> None:
    body, _ = gateway.adapter.sign(capture())
    for headers in ({}, {gateway.signature: signature}):
        with pytest.raises(Forbidden):
            gateway.adapter.read_webhook(body, headers)


@pytest.mark.parametrize(
    ("seconds", "fine"), [(AGE_MAX_SECONDS, True), (AGE_MAX_SECONDS + 1, False), (-AGE_MAX_SECONDS - 1, False)]
)
def test_a_report_older_than_five_minutes_is_refused(
    gateway: Gateway, clock: time_machine.Traveller, seconds: int, fine: bool
) -> None:
    event = capture()
    body, headers = gateway.adapter.sign(event)
    clock.shift(seconds)
    if fine:
        assert gateway.adapter.read_webhook(body, headers) == event
    else:
        with pytest.raises(Forbidden):
            gateway.adapter.read_webhook(body, headers)


def test_another_key_signs_nothing_for_us(gateway: Gateway, tmp_path: Path) -> None:
    other = SandboxGateway("another key", tmp_path / "other")
    with pytest.raises(Forbidden):
        gateway.adapter.read_webhook(*other.sign(capture()))


@pytest.mark.parametrize(
    "said",
    [
        {}, [], None, 5, "x", {"type": "captured"}, {"type": "captured", "payment_id": "a", "charge_id": "b"},
        {"type": "captured", "payment_id": "a", "charge_id": "b", "amount_minor": "much", "currency": "CNY"},
        {"type": "failed"}, {"type": "sung", "payment_id": "a", "charge_id": "b", "amount_minor": 1, "currency": "CNY"},
    ],
)  # fmt: skip
def test_a_signed_report_that_makes_no_sense_is_refused(gateway: Gateway, said: object) -> None:
    sandbox = gateway.adapter
    assert isinstance(sandbox, SandboxGateway)
    with pytest.raises(Invalid):
        sandbox.read_webhook(*sandbox.signed(json.dumps(said).encode()))
    for unreadable in (b"\xff not json", b'{"a":' * 5_000):
        with pytest.raises(Invalid):
            sandbox.read_webhook(*sandbox.signed(unreadable))


def test_a_checkout_is_the_same_however_often_it_is_opened(gateway: Gateway) -> None:
    payment_id = new_id()
    opened = {gateway.adapter.open_checkout(payment_id, Money(1), "A booking", "/back") for _ in range(2)}
    assert len(opened) == 1


def test_the_same_refund_asked_twice_is_one_refund(gateway: Gateway) -> None:
    refund_id, payment_id = new_id(), new_id()
    sent = {gateway.adapter.refund(refund_id, payment_id, "ch_1", Money(1)) for _ in range(2)}
    assert len(sent) == 1
    assert gateway.adapter.refund(new_id(), payment_id, "ch_1", Money(1)) not in sent


def test_the_records_have_each_charge_and_refund_once(gateway: Gateway) -> None:
    hour = timedelta(hours=1)
    assert list(gateway.adapter.records(NOW - hour, NOW + hour)) == []
    charge, refund_id = capture(), new_id()
    for _ in range(2):
        gateway.adapter.sign(charge)
        gateway.adapter.refund(refund_id, charge.payment_id, charge.provider_ref, Money(1_000))
    gateway.adapter.sign(Failure(charge.payment_id, "refused", "try_1"))
    said = {(one.subject, one.our_id, one.amount, one.at) for one in gateway.adapter.records(NOW, NOW + hour)}
    assert said == {("charge", charge.payment_id, charge.amount, NOW), ("refund", refund_id, Money(1_000), NOW)}
    assert len(gateway.adapter.records(NOW, NOW + hour)) == 2
    assert list(gateway.adapter.records(NOW - hour, NOW)) == []
