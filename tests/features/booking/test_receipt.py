"""The client's receipt as PDF: price lines, what came back, and nobody else's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from tests import make
from tests.make import NOW
from tests.papers import said
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries
from zhixun.features.payments import actions as payments
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, new_id


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def agreed(app: Flask) -> tuple[Actor, make.ConsultantMade, str]:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        return ada, grace, make.paid_booking(uow, client=ada, consultant=grace)


@pytest.fixture
def held_session(app: Flask) -> tuple[Actor, str]:
    """Ada, and a session that is over and released."""
    with unit_of_work(now=NOW - timedelta(days=9)) as uow:
        ada = make.client(uow)
        booking_id = make.completed_booking(uow, client=ada, consultant=make.consultant(uow))
    with unit_of_work(now=NOW - timedelta(days=2)) as uow:
        bookings.release_money(uow, booking_id=booking_id)
    return ada, booking_id


def test_a_receipt_says_what_was_paid_in_both_languages(app: Flask, agreed) -> None:
    ada, _, booking_id = agreed
    answer = Visitor(app, ada).get(f"/sessions/{booking_id}/receipt.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    text = said(answer.data)
    for sentence in (
        "收据", "客户Ada", "咨询师Grace", f"预约编号{booking_id[-8:]}", "一小时咨询，60分钟¥480.00", "已付款¥480.00",
        "60分钟视频", "时间2026年11月25日周三09:00–10:00北京时间（UTC+8）", "不是发票",
    ):  # fmt: skip
        assert sentence in text, (sentence, text)
    assert "退款" not in text
    name = answer.headers["Content-Disposition"]
    assert name.startswith("attachment;")
    assert "UTF-8''%E7%9F%A5%E8%AF%A2-%E6%94%B6%E6%8D%AE-" in name
    english = Visitor(app, ada, english=True).get(f"/sessions/{booking_id}/receipt.pdf")
    assert f"filename=zhixun-receipt-{booking_id[-8:]}.pdf" in english.headers["Content-Disposition"]
    for sentence in ("Receipt", "ClientAda", "¥480.00Paid¥480.00", "60 min video"):
        assert sentence.replace(" ", "") in said(english.data)


def test_the_lines_of_the_price_are_those_the_booking_keeps(app: Flask, agreed) -> None:
    ada, _, booking_id = agreed
    with Session() as db:
        lines = queries.booking(db, booking_id, ada, NOW).lines
    text = said(receipt_of(app, ada, booking_id).data)
    assert lines
    for line in lines:
        assert "".join(line.words.zh.split()) in text


def test_refunds_stand_on_it_with_what_is_left(app: Flask, held_session) -> None:
    ada, booking_id = held_session
    refund_id = new_id()
    with unit_of_work(now=NOW) as uow:
        olga = make.operator(uow)
        bookings.refund_booking(
            make.acting(uow, olga), refund_id=refund_id, booking_id=booking_id, reason="Half an hour of silence",
            amount=Money(12_050),
        )  # fmt: skip
    text = said(receipt_of(app, ada, booking_id).data)
    assert "正在退回2026年11月24日−¥120.50" in text
    assert "实付（已减退款）¥359.50" in text
    with unit_of_work(now=NOW) as uow:
        payments.record_refund(uow, refund_id=refund_id, provider_ref="sandbox-refund")
    visitor = Visitor(app, ada, english=True)
    page = visitor.get(f"/sessions/{booking_id}")
    assert "¥120.50 has gone back the way you paid." in words(page)
    assert "¥120.50 sent back" in words(page), "it stands in the story too"
    assert "receipt.pdf" in page.text
    assert statements(page) <= STATEMENTS_MAX
    assert "Gonebackthewayyoupaid24Nov2026−¥120.50" in said(visitor.get(f"/sessions/{booking_id}/receipt.pdf").data)


def test_a_second_charge_that_went_back_does_not_lessen_what_was_paid(app: Flask, agreed) -> None:
    ada, _, booking_id = agreed
    with unit_of_work(now=NOW) as uow:
        make.pay(uow, booking_id, charge="ch_second")
    text = said(receipt_of(app, ada, booking_id).data)
    assert "未计入并全额退回的扣款" in text
    assert "实付（已减退款）" not in text
    assert "已付款¥480.00" in text


def test_a_receipt_is_its_payers_alone_and_for_what_was_paid(app: Flask, agreed) -> None:
    ada, grace, booking_id = agreed
    with unit_of_work(now=NOW) as uow:
        bob, olga = make.client(uow, "Bob"), make.operator(uow)
        held = make.held_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=3))
    for who in (bob, olga, grace.actor):
        assert receipt_of(app, who, booking_id).status_code == 404
    assert "receipt.pdf" not in Visitor(app, grace.actor).get(f"/sessions/{booking_id}").text
    assert Visitor(app).get(f"/sessions/{booking_id}/receipt.pdf").status_code in (302, 303, 401)
    assert receipt_of(app, ada, held).status_code == 404
    assert receipt_of(app, ada, new_id()).status_code == 404
    assert receipt_of(app, ada, "nonsense").status_code == 404


def test_names_are_only_names(app: Flask) -> None:
    name = '#read("/etc/passwd") *x* $y$'
    with unit_of_work(now=NOW) as uow:
        eve, grace = make.person(uow, name, email="eve@example.com"), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=eve, consultant=grace)
    text = said(receipt_of(app, eve, booking_id).data)
    assert "客户" + "".join(name.split()) in text
    assert "root:" not in text


def receipt_of(app: Flask, who: Actor, booking_id: str) -> TestResponse:
    return Visitor(app, who).get(f"/sessions/{booking_id}/receipt.pdf")
