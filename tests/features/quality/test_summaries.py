"""The written summary owed in 48 hours, and the one question that is included."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.events.quality import FollowUpAnswered, FollowUpAsked, SummaryWritten
from zhixun.features.quality import actions, queries, rules
from zhixun.features.quality.actions import NotHeld, QuestionAsked, TooLateToAsk
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

NOW = make.NOW
HOUR = timedelta(hours=1)
TEXT = "You have until Friday. Do not sign. Next: collect the papers and write down the dates."


@pytest.fixture
def held(db_url: str) -> tuple[Actor, make.ConsultantMade, str, datetime]:
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        start = make.slot(uow, grace)
        booking_id = make.completed_booking(uow, client=ada, consultant=grace, start=start)
    return ada, grace, booking_id, start + HOUR


def write(who: Actor, booking_id: str, at: datetime, text: str = TEXT) -> list[type]:
    with unit_of_work(who, now=at) as uow:
        actions.write_summary(uow, booking_id=booking_id, text=text)
    return [type(fact) for fact in uow.facts]


def test_a_summary_is_told_once_and_may_be_changed(held: tuple[Actor, make.ConsultantMade, str, datetime]) -> None:
    _, grace, booking_id, done = held
    assert write(grace.actor, booking_id, done + HOUR) == [SummaryWritten]
    assert write(grace.actor, booking_id, done + 60 * HOUR, TEXT + " PS: take a witness.") == []
    with Session() as db:
        seen = queries.summary_for(db, booking_id, reader=None)
    assert seen
    assert (seen.text[-9:], seen.written_at, seen.changed_at) == (" witness.", done + HOUR, done + 60 * HOUR)


def owed(grace: make.ConsultantMade, at: datetime) -> list[str]:
    with Session() as db:
        return [one.what for one in queries.report_of(db, grace.id, period=rules.PERIODS["30"], now=at).owed]


@pytest.mark.parametrize(("hours", "on_time"), [(47, 1.0), (48, 1.0), (49, 0.0)])
def test_a_late_summary_is_seen(
    held: tuple[Actor, make.ConsultantMade, str, datetime], hours: int, on_time: float
) -> None:
    _, grace, booking_id, done = held
    later = done + 100 * HOUR
    with Session() as db:
        assert owed(grace, done + HOUR) == ["summary"]
        before = queries.report_of(db, grace.id, period=rules.PERIODS["30"], now=later).conduct
    assert (before.summaries_due, before.summary_share) == (1, 0.0)
    write(grace.actor, booking_id, done + hours * HOUR)
    with Session() as db:
        after = queries.report_of(db, grace.id, period=rules.PERIODS["30"], now=later).conduct
    assert owed(grace, done + HOUR) == []
    assert (after.sessions, after.summaries_due, after.summary_share) == (1, 1, on_time)


def test_only_the_consultant_writes_and_only_of_a_session_that_was_held(
    held: tuple[Actor, make.ConsultantMade, str, datetime],
) -> None:
    ada, grace, booking_id, done = held
    with unit_of_work(now=NOW) as uow:
        ahead = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=9))
        bob = make.client(uow, "Bob")
        olga = make.operator(uow)
    for who in (ada, bob, olga):
        with pytest.raises(NotFound):
            write(who, booking_id, done)
    with pytest.raises(NotHeld):
        write(grace.actor, ahead, done)
    for text in ("", "too short", "x" * 8_001):
        with pytest.raises(Invalid):
            write(grace.actor, booking_id, done, text)


def test_one_question_is_included_and_answered(held: tuple[Actor, make.ConsultantMade, str, datetime]) -> None:
    ada, grace, booking_id, done = held
    with unit_of_work(ada, now=done + HOUR) as uow:
        actions.ask_follow_up(uow, booking_id=booking_id, question="And if they refuse?")
        actions.ask_follow_up(uow, booking_id=booking_id, question="And if they refuse?")
    assert [type(fact) for fact in uow.facts] == [FollowUpAsked]
    with unit_of_work(ada, now=done + HOUR) as uow, pytest.raises(QuestionAsked):
        actions.ask_follow_up(uow, booking_id=booking_id, question="One more?")
    assert sorted(owed(grace, done + HOUR)) == ["answer", "summary"]
    told = []
    for _ in range(2):
        with unit_of_work(grace.actor, now=done + 2 * HOUR) as uow:
            actions.answer_follow_up(uow, booking_id=booking_id, answer="Then arbitration.")
        told += [type(fact) for fact in uow.facts]
    assert told == [FollowUpAnswered]
    with Session() as db:
        seen = queries.follow_up_for(db, booking_id)
    assert seen
    assert (seen.question, seen.answer, seen.answered_at) == (
        "And if they refuse?",
        "Then arbitration.",
        done + 2 * HOUR,
    )


def test_the_question_is_the_clients_and_for_a_week(held: tuple[Actor, make.ConsultantMade, str, datetime]) -> None:
    ada, grace, booking_id, done = held
    for who, at, refusal in (
        (grace.actor, done, NotFound),
        (ada, done + rules.FOLLOW_UP_WITHIN + HOUR, TooLateToAsk),
    ):
        with unit_of_work(who, now=at) as uow, pytest.raises(refusal):
            actions.ask_follow_up(uow, booking_id=booking_id, question="Why?")
    with unit_of_work(grace.actor, now=done) as uow, pytest.raises(NotFound):
        actions.answer_follow_up(uow, booking_id=booking_id, answer="Nobody asked.")


def test_it_is_written_and_read_on_its_page(
    held: tuple[Actor, make.ConsultantMade, str, datetime], db_url: str, tmp_path: Path
) -> None:
    ada, grace, booking_id, done = held
    app: Flask = house(db_url, tmp_path)
    where = f"/sessions/{booking_id}/summary"
    with time_machine.travel(done + HOUR, tick=False):
        client, consultant = Visitor(app, ada, english=True), Visitor(app, grace.actor, english=True)
        assert where in client.get(f"/sessions/{booking_id}").text
        assert "Your consultant owes it by" in words(client.get(where))
        refused = consultant.post(where, text="short")
        assert (refused.status_code, "40 characters at least" in words(refused)) == (400, True)
        assert ">short</textarea>" in refused.text
        assert consultant.post(where, text=TEXT).status_code == 303
        page = client.get(where)
        assert TEXT in words(page)
        assert statements(page) <= STATEMENTS_MAX
        assert client.post(f"/sessions/{booking_id}/question", question="Why?").status_code == 303
        assert client.post(f"/sessions/{booking_id}/question", question="Why again?").status_code == 409
        assert consultant.post(f"/sessions/{booking_id}/question/answer", answer="Because.").status_code == 303
        assert "Because." in words(client.get(where))
        with unit_of_work() as uow:
            bob = make.client(uow, "Bob")
        assert Visitor(app, bob).get(where).status_code == 404
