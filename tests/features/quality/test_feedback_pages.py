"""The feedback form: a minute, once, changed for a week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.quality import queries
from zhixun.features.quality.rules import WORDS_LENGTH_MAX
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

START = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
AFTER = START + timedelta(hours=2)
FINE = {"accuracy": 5, "clarity": 4, "actionable": 5, "boundaries": 4, "punctual": 5, "nps": 9, "solved": "yes"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AFTER, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def done(app: Flask) -> tuple[Actor, make.ConsultantMade, str]:
    """Ada, Grace and their completed session."""
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        return ada, grace, make.completed_booking(uow, client=ada, consultant=grace, start=START)


def given(booking_id: str) -> queries.FeedbackView | None:
    with Session() as db:
        return queries.feedback_for(db, booking_id, SYSTEM)


def test_the_list_asks_for_feedback_until_it_is_given_or_too_late(
    app: Flask, done: tuple[Actor, make.ConsultantMade, str], clock: time_machine.Traveller
) -> None:
    ada, grace, booking_id = done
    with unit_of_work(now=NOW) as uow:
        other = make.completed_booking(uow, client=ada, consultant=grace, start=START + timedelta(hours=1))
    browser = Visitor(app, ada, english=True)

    def asked() -> list[bool]:
        page = browser.get("/sessions").text
        return [f'href="/en/sessions/{one}/feedback"' in page for one in (booking_id, other)]

    assert asked() == [True, True]
    browser.post(f"/sessions/{booking_id}/feedback", feedback_id=new_id(), words="It helped.", **FINE)
    assert asked() == [False, True]
    desk = Visitor(app, grace.actor, english=True).get("/sessions")
    assert "/feedback" not in desk.text, "nobody asks the consultant"
    assert words(desk).count("Write the summary") == 2
    assert statements(desk) <= STATEMENTS_MAX
    clock.move_to(START + timedelta(days=8), tick=False)
    assert asked() == [False, False]
    clock.move_to(START + timedelta(days=10), tick=False)
    assert "Write the summary" not in words(Visitor(app, grace.actor, english=True).get("/sessions")), "late for good"
    assert "What you said of it" in words(browser.get(f"/sessions/{booking_id}"))
    assert "Say how it was" not in words(browser.get(f"/sessions/{other}"))


def test_feedback_is_kept_and_private_unless_ticked(app: Flask, done: tuple[Actor, make.ConsultantMade, str]) -> None:
    ada, _, booking_id = done
    browser = Visitor(app, ada, english=True)
    assert "Say how it was" in words(browser.get(f"/sessions/{booking_id}"))
    form = browser.get(f"/sessions/{booking_id}/feedback")
    assert statements(form) <= STATEMENTS_MAX
    assert "signed “A.”" in words(form)
    assert " checked" not in form.text.split("<form", 1)[1], "nothing is chosen for anybody"
    sent = browser.post(f"/sessions/{booking_id}/feedback", feedback_id=new_id(), words="It helped.", **FINE)
    assert sent.headers["Location"] == f"/en/sessions/{booking_id}"
    after = browser.follow(sent)
    assert "Thank you." in words(after)
    assert "What you said of it" in words(after)
    assert "Say how it was" not in words(after), "they have"
    assert statements(after) <= STATEMENTS_MAX
    kept = given(booking_id)
    assert kept
    assert (kept.nps, kept.solved, kept.words, kept.public) == (9, "yes", "It helped.", False)
    assert kept.scores["clarity"] == 4


def test_sent_twice_is_kept_once_and_can_be_changed(app: Flask, done: tuple[Actor, make.ConsultantMade, str]) -> None:
    ada, _, booking_id = done
    browser = Visitor(app, ada)
    for _ in range(2):
        assert browser.post(f"/sessions/{booking_id}/feedback", **FINE).status_code == 303
    page = browser.get(f"/sessions/{booking_id}/feedback")
    assert "你已经评价过" in words(page)
    assert page.text.count(" checked") == 7
    first = given(booking_id)
    browser.post(f"/sessions/{booking_id}/feedback", public="yes", words="Better", **(FINE | {"nps": 3}))
    changed = given(booking_id)
    assert first
    assert changed
    assert (changed.id, changed.nps, changed.words, changed.public) == (first.id, 3, "Better", True)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"nps": ""}, "Please choose 0 to 10."),
        ({"nps": "11"}, "Please choose 0 to 10."),
        ({"nps": "9" * 5000}, "Please choose 0 to 10."),
        ({"nps": "-1"}, "Please choose 0 to 10."),
        ({"solved": ""}, "Please say whether it helped."),
        ({"solved": "maybe"}, "Please say whether it helped."),
        ({"clarity": "6"}, "Please choose 1 to 5."),
        ({"clarity": "0"}, "Please choose 1 to 5."),
        ({"clarity": "five"}, "Please choose 1 to 5."),
        ({"words": "x" * (WORDS_LENGTH_MAX + 1)}, "Please keep it under 2,000 characters."),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    app: Flask, done: tuple[Actor, make.ConsultantMade, str], wrong: dict[str, str], sentence: str
) -> None:
    ada, _, booking_id = done
    form = FINE | {"words": "What I typed", "public": "yes"} | wrong
    answer = Visitor(app, ada, english=True).post(f"/sessions/{booking_id}/feedback", **form)
    assert answer.status_code == 400
    assert sentence in words(answer)
    assert "1 thing to fix" in words(answer)
    assert f'href="#{next(iter(wrong))}"' in answer.text
    assert form["words"] in answer.text
    assert 'name="public" value="yes" checked' in answer.text
    assert given(booking_id) is None


def test_an_empty_form_names_everything_at_once(app: Flask, done: tuple[Actor, make.ConsultantMade, str]) -> None:
    ada, _, booking_id = done
    answer = Visitor(app, ada).post(f"/sessions/{booking_id}/feedback")
    assert answer.status_code == 400
    assert words(answer).count("请选择 1 到 5。") == 10, "each in the summary and at its question"


def test_before_the_end_it_says_when(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=START + timedelta(days=1))
    browser = Visitor(app, ada, english=True)
    seen = browser.get(f"/sessions/{booking_id}/feedback")
    assert (seen.status_code, "at the latest on Thu 26 Nov, 10:00" in words(seen)) == (200, True)
    assert browser.post(f"/sessions/{booking_id}/feedback", **FINE).status_code == 409
    assert given(booking_id) is None


def test_after_a_week_it_is_closed(
    app: Flask, done: tuple[Actor, make.ConsultantMade, str], clock: time_machine.Traveller
) -> None:
    ada, _, booking_id = done
    clock.move_to(AFTER + timedelta(days=7), tick=False)
    browser = Visitor(app, ada, english=True)
    assert "Feedback was open for 7 days, until Wed 2 Dec, 10:00." in words(
        browser.get(f"/sessions/{booking_id}/feedback")
    )
    assert browser.post(f"/sessions/{booking_id}/feedback", **FINE).status_code == 409
    assert given(booking_id) is None


def test_feedback_is_the_clients_alone(app: Flask, done: tuple[Actor, make.ConsultantMade, str]) -> None:
    _, grace, booking_id = done
    with unit_of_work(now=NOW) as uow:
        others = [make.client(uow, "Bob"), make.operator(uow), grace.actor]
    for other in others:
        assert Visitor(app, other).get(f"/sessions/{booking_id}/feedback").status_code == 404
        assert Visitor(app, other).post(f"/sessions/{booking_id}/feedback", **FINE).status_code == 404
    assert Visitor(app, others[0]).get("/sessions/nonsense/feedback").status_code == 404
    assert Visitor(app).get(f"/sessions/{booking_id}/feedback").status_code in (302, 303)
