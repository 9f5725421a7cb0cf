"""The experts' pages: take, read, hand in; and the desk's page about them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.catalog import actions as catalog
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy import queries as consents
from zhixun.features.quality import actions, queries
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now

ANSWERS = {"accuracy": 5, "clarity": 4, "actionable": 5, "boundaries": 4, "punctual": 5, "nps": 9, "solved": "yes"}
MARKS = {"mark-understanding": 4, "mark-market": 4, "mark-practice": 5, "mark-independence": 3}


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def rita(app: Flask) -> Actor:
    with unit_of_work() as uow:
        return make.person(uow, "Rita", roles=("reviewer",), language="en")


@pytest.fixture
def case_id(app: Flask) -> str:
    with unit_of_work(now=make.NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        catalog.put_house_fields(uow)
        privacy.give_consent(uow, user_id=ada.user_id, purpose="expert_review")
        booking_id = make.completed_booking(uow, client=ada, consultant=grace)
    with unit_of_work(now=utc_now()) as uow:
        actions.open_case(uow, booking_id=booking_id)
    return booking_id


def test_an_expert_takes_a_session_reads_it_and_hands_in(app: Flask, rita: Actor, case_id: str) -> None:
    browser = Visitor(app, rita, english=True)
    board = browser.get("/review")
    assert "Take it" in words(board)
    assert statements(board) <= STATEMENTS_MAX
    taken = browser.post(f"/review/{case_id}/seat")
    sheet = browser.follow(taken)
    assert sheet.status_code == 200
    assert statements(sheet) <= STATEMENTS_MAX
    assert "Grace" not in words(sheet)
    assert "Ada" not in words(sheet)
    done = browser.post(f"/review/{case_id}", learn="Name the cost.", good="Clear.", **MARKS)
    assert done.headers["Location"] == "/en/review"
    assert "Your review is handed in" in words(browser.follow(done))
    assert "It cannot be changed" in words(browser.get(f"/review/{case_id}"))


def test_what_is_missing_is_named_and_what_was_typed_is_kept(app: Flask, rita: Actor, case_id: str) -> None:
    browser = Visitor(app, rita, english=True)
    browser.post(f"/review/{case_id}/seat")
    answer = browser.post(f"/review/{case_id}", good="What I typed", **(MARKS | {"mark-market": "7"}))
    assert answer.status_code == 400
    assert "2 things to fix" in words(answer)
    assert 'href="#mark-market"' in answer.text
    assert 'href="#learn"' in answer.text
    assert "What I typed" in answer.text
    assert answer.text.count(" checked required") == 3
    with Session() as db:
        assert queries.review_board(db, rita, utc_now()).given_count == 0


def test_a_session_is_given_back_from_the_page(app: Flask, rita: Actor, case_id: str) -> None:
    browser = Visitor(app, rita, english=True)
    browser.post(f"/review/{case_id}/seat")
    assert "Given back" in words(browser.follow(browser.post(f"/review/{case_id}/return")))
    assert browser.get(f"/review/{case_id}").status_code == 404


def test_the_third_to_come_is_told_kindly(app: Flask, rita: Actor, case_id: str) -> None:
    with unit_of_work() as uow:
        others = [make.person(uow, name, roles=("reviewer",)) for name in ("Rosa", "Ruth")]
    for other in others:
        assert Visitor(app, other).post(f"/review/{case_id}/seat").status_code == 303
    answer = Visitor(app, rita, english=True).post(f"/review/{case_id}/seat")
    assert answer.status_code == 409
    assert "Enough experts read this session already." in words(answer)


def test_reading_is_for_experts(app: Flask, case_id: str) -> None:
    with unit_of_work() as uow:
        others = [make.client(uow, "Bob"), make.operator(uow)]
    for other in others:
        assert Visitor(app, other).get("/review").status_code == 403
        assert Visitor(app, other).post(f"/review/{case_id}/seat").status_code == 403
    assert Visitor(app).get("/review").status_code == 303


@pytest.mark.parametrize("which", ["nonsense", "0" * 32, "x" * 300])
def test_a_session_there_is_not_is_not_found(app: Flask, rita: Actor, which: str) -> None:
    browser = Visitor(app, rita)
    assert browser.get(f"/review/{which}").status_code == 404
    assert browser.post(f"/review/{which}/seat").status_code == 404


def test_the_desk_sees_how_the_experts_work(app: Flask, rita: Actor, case_id: str) -> None:
    Visitor(app, rita).post(f"/review/{case_id}/seat")
    Visitor(app, rita).post(f"/review/{case_id}", learn="x", **MARKS)
    with unit_of_work() as uow:
        olga, content = make.operator(uow), make.operator(uow, "Connie", role="content")
    page = Visitor(app, olga, english=True).get("/ops/quality")
    assert "Rita" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    assert Visitor(app, content).get("/ops/quality").status_code == 403
    assert "/ops/quality" not in Visitor(app, content).get("/ops").text


def test_agreeing_on_the_feedback_form_is_a_consent(app: Flask) -> None:
    with unit_of_work(now=make.NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        start = make.slot(uow, grace)
        booking_id = make.completed_booking(uow, client=ada, consultant=grace, start=start)
    with time_machine.travel(start + timedelta(hours=2), tick=False):
        browser = Visitor(app, ada, english=True)
        assert "Let experts read my sessions without names" in browser.get(f"/sessions/{booking_id}/feedback").text
        assert browser.post(f"/sessions/{booking_id}/feedback", experts="yes", **ANSWERS).status_code == 303
        assert "Let experts read" not in browser.get(f"/sessions/{booking_id}/feedback").text
    with Session() as db:
        assert consents.has_consent(db, ada.user_id, "expert_review")
