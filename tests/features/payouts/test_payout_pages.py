"""The desk's payout pages, the desk's refund page, and the consultant's statement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from tests import make, papers
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.events.payouts import PayoutMade
from zhixun.features.accounts.models import SignIn
from zhixun.features.booking import actions as bookings
from zhixun.features.notifications.handlers.payouts import tell_consultant_paid_out
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def earned(app: Flask) -> tuple[Actor, make.ConsultantMade, str]:
    """Grace has been paid for a session with Ada."""
    with unit_of_work(now=NOW - timedelta(days=9)) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.completed_booking(uow, client=ada, consultant=grace)
    with unit_of_work(now=NOW - timedelta(days=2)) as uow:
        bookings.release_money(uow, booking_id=booking_id)
    return ada, grace, booking_id


@pytest.fixture
def desk(app: Flask) -> dict[str, Visitor]:
    with unit_of_work(now=NOW) as uow:
        return {
            role: Visitor(app, make.operator(uow, role.title(), role=role), english=True)
            for role in ("finance", "administrator", "support", "content")
        }


def test_a_run_goes_from_its_proposal_to_the_bank_file(desk: dict[str, Visitor], earned) -> None:
    _, grace, _ = earned
    finance, administrator = desk["finance"], desk["administrator"]
    page = finance.get("/ops/payouts")
    assert "¥422.40 to 1 consultant" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    made = finance.post("/ops/payouts", run_id=(run_id := new_id()))
    assert "someone else has to approve it" in words(finance.follow(made))
    assert f'href="/en/ops/payouts/{run_id}">To its decision' in administrator.get("/ops/payouts").text
    told = words(administrator.get(f"/ops/payouts/{run_id}"))
    assert told.index("Approve and pay ¥422.40") < told.index("Payouts Consultant Amount"), (
        "the decision, then the lines"
    )
    assert finance.get(f"/ops/payouts/{run_id}.csv").status_code == 404
    refused = finance.post(f"/ops/payouts/{run_id}/decision", decision="approve")
    assert (refused.status_code, "You proposed this run" in words(refused)) == (403, True)
    approved = administrator.post(f"/ops/payouts/{run_id}/decision", decision="approve")
    assert "Approved. The bank file is ready." in words(administrator.follow(approved))
    file = finance.get(f"/ops/payouts/{run_id}.csv")
    assert file.mimetype == "text/csv"
    assert f"{run_id[-8:]}-001,{grace.id},Grace,422.40,CNY" in file.text
    again = administrator.post("/ops/payouts", run_id=new_id())
    assert (again.status_code, "No balance is large enough" in words(again)) == (409, True)


def test_the_second_person_finds_the_run_and_the_consultant_hears_of_the_money(
    app: Flask, desk: dict[str, Visitor], earned
) -> None:
    _, grace, _ = earned
    desk["finance"].post("/ops/payouts", run_id=(run_id := new_id()))
    waits, link = "A payout run waits for a second person", f'href="/en/ops/payouts/{run_id}"'
    found = desk["administrator"].get("/ops")
    assert (waits in words(found), link in found.text) == (True, True)
    assert statements(found) <= STATEMENTS_MAX
    for other in ("finance", "support"):
        assert waits not in words(desk[other].get("/ops")), f"{other} can do nothing about it"
    desk["administrator"].post(f"/ops/payouts/{run_id}/decision", decision="approve")
    assert waits not in words(desk["administrator"].get("/ops"))
    consultant = Visitor(app, grace.actor, english=True)
    page = consultant.get("/pro/earnings")
    assert "Last paid out: ¥422.40 on" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    tell_consultant_paid_out(PayoutMade(run_id=run_id, consultant_id=grace.id, amount_minor=42_240, currency="CNY"))
    told = consultant.get("/notices")
    assert "¥422.40 of your balance is on its way to your bank." in words(told)
    assert 'href="/en/pro/statements"' in told.text


def test_a_rejection_needs_its_reason(desk: dict[str, Visitor], earned) -> None:
    desk["finance"].post("/ops/payouts", run_id=(run_id := new_id()))
    wrong = desk["administrator"].post(f"/ops/payouts/{run_id}/decision", decision="reject", reason="")
    assert (wrong.status_code, "Please say why" in words(wrong)) == (400, True)
    desk["administrator"].post(f"/ops/payouts/{run_id}/decision", decision="reject", reason="Wrong month")
    assert "Wrong month" in words(desk["finance"].get(f"/ops/payouts/{run_id}"))


def test_who_may_not_pay_out_sees_no_payouts(app: Flask, desk: dict[str, Visitor], earned) -> None:
    for role in ("support", "content"):
        assert desk[role].get("/ops/payouts").status_code == 403
        assert desk[role].post("/ops/payouts", run_id=new_id()).status_code == 403
        assert "/ops/payouts" not in desk[role].get("/ops").text
    ada, _, _ = earned
    assert Visitor(app, ada).get("/ops/payouts").status_code in (403, 404)
    assert desk["finance"].get("/ops/payouts/nonsense").status_code == 404
    assert desk["finance"].get(f"/ops/payouts/{new_id()}").status_code == 404


def test_support_gives_a_part_back_and_the_client_reads_it(app: Flask, desk: dict[str, Visitor], earned) -> None:
    ada, grace, booking_id = earned
    support, where = desk["support"], f"/ops/bookings/{booking_id}/refund"
    assert f'href="/en{where}"' in support.get(f"/ops/bookings/{booking_id}").text
    page = support.get(where)
    assert "Left ¥480.00" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    typed = {"refund_id": new_id(), "how": "part", "amount": "120.50", "reason": "Half an hour of silence"}
    for wrong, said in (
        ({"amount": "a lot"}, "like 120 or 120.50"),
        ({"amount": "0"}, "like 120 or 120.50"),
        ({"amount": "1e9"}, "like 120 or 120.50"),
        ({"amount": "1E+999990"}, "like 120 or 120.50"),
        ({"amount": "1,000,000,000"}, "More cannot be given back"),
        ({"amount": "1.005"}, "like 120 or 120.50"),
        ({"reason": "no"}, "Please say why"),
    ):
        refused = support.post(where, **(typed | wrong))
        assert (refused.status_code in (400, 409), said in words(refused)) == (True, True), wrong
        assert "Half an hour of silence" in refused.text or "reason" in wrong
    for _ in range(2):
        assert support.post(where, **typed).status_code == 303
    assert "Left ¥359.50" in words(support.get(where))
    assert "¥120.50 is on its way back to you." in words(Visitor(app, ada, english=True).get(f"/sessions/{booking_id}"))
    theirs = Visitor(app, grace.actor, english=True).get(f"/sessions/{booking_id}")
    assert "¥120.50 of the price went back to the client." in words(theirs)
    assert support.post(where, refund_id=new_id(), how="all", reason="All of it after all").status_code == 303
    assert "Everything that was paid has gone back." in words(support.get(where))


def test_who_has_not_just_shown_that_it_is_them_is_asked_before_money_goes_back(app: Flask, desk, earned) -> None:
    _, _, booking_id = earned
    where = f"/ops/bookings/{booking_id}/refund"
    typed = {"refund_id": new_id(), "how": "all", "reason": "A desk that nobody watched"}
    with unit_of_work() as uow:
        uow.db.execute(update(SignIn).values(proved_until=uow.now))
    asked = desk["support"].post(where, **typed)
    assert (asked.status_code, "A desk that nobody watched" in asked.text) == (403, True), "kept, to be sent on"
    ruling = desk["support"].post(f"/ops/disputes/{new_id()}/ruling", words="None of it was heard.", how="all")
    assert (ruling.status_code, "None of it was heard." in ruling.text) == (403, True)
    assert "Left ¥480.00" in words(desk["support"].get(where))


def test_without_the_right_to_refund_there_is_no_way_to(app: Flask, desk: dict[str, Visitor], earned) -> None:
    ada, _, booking_id = earned
    assert desk["content"].get(f"/ops/bookings/{booking_id}/refund").status_code == 403
    assert f"/ops/bookings/{booking_id}/refund" not in desk["content"].get(f"/ops/bookings/{booking_id}").text
    assert Visitor(app, ada).get(f"/ops/bookings/{booking_id}/refund").status_code in (403, 404)
    assert desk["support"].get(f"/ops/bookings/{new_id()}/refund").status_code == 404


def test_a_statement_opens_to_its_entries(app: Flask, earned) -> None:
    _, grace, booking_id = earned
    browser = Visitor(app, grace.actor, english=True)
    assert browser.follow(browser.get("/pro/statements")).status_code == 200
    page = browser.get("/pro/statements/2026-11")
    said = words(page)
    assert "Balance after ¥422.40" in said
    assert "Platform commission ¥57.60" in said
    assert re.search(r"One hour Ada · Release", said), "what session it was, and with whom"
    assert f'href="/en/sessions/{booking_id}"' in page.text
    assert statements(page) <= STATEMENTS_MAX
    assert "Nothing moved in this month." in words(browser.get("/pro/statements/2026-01"))
    assert browser.get("/pro/statements/yesterday").status_code == 400


def test_a_statement_as_pdf_has_the_figures_and_entries_of_the_page(app: Flask, earned) -> None:
    _, grace, booking_id = earned
    browser = Visitor(app, grace.actor)
    page, paper = words(browser.get("/pro/statements/2026-11")), browser.get("/pro/statements/2026-11.pdf")
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf")
    assert "UTF-8''%E7%9F%A5%E8%AF%A2-%E5%AF%B9%E8%B4%A6%E5%8D%95-2026-11.pdf" in paper.headers["Content-Disposition"]
    text = papers.said(paper.data)
    for amount in set(re.findall(r"−?¥[\d,.]+\d", page)):
        assert amount in text
    for sentence in (
        "2026年11月",
        "Grace·北京时间（UTC+8）",
        "期末余额",
        f"Ada·结算·预约编号{booking_id[-8:]}",
        "平台佣金¥57.60",
    ):
        assert sentence in text, (sentence, text)
    english = Visitor(app, grace.actor, english=True).get("/pro/statements/2026-11.pdf")
    assert "filename=zhixun-statement-2026-11.pdf" in english.headers["Content-Disposition"]
    assert "StatementNovember2026" in papers.said(english.data)
    assert "Platformcommission¥57.60" in papers.said(english.data)


def test_a_statement_as_pdf_is_ones_own(app: Flask, earned, desk: dict[str, Visitor]) -> None:
    ada, _, _ = earned
    with unit_of_work(now=NOW) as uow:
        other = make.consultant(uow, "Gloria")
    browser = Visitor(app, other.actor)
    text = papers.said(browser.get("/pro/statements/2026-11.pdf").data)
    assert "¥422.40" not in text
    assert "这个月没有" in text
    assert browser.get("/pro/statements/yesterday.pdf").status_code == 400
    assert Visitor(app, ada).get("/pro/statements/2026-11.pdf").status_code in (403, 404)
    assert desk["finance"].get("/pro/statements/2026-11.pdf").status_code in (403, 404)
