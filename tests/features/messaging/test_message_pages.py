"""The list of conversations, one conversation, and the session room, for someone without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions as bookings
from zhixun.features.messaging import actions, queries
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

START = NOW.replace(hour=1) + timedelta(days=2)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@dataclass(frozen=True)
class Agreed:
    app: Flask
    ada: Actor
    grace: Actor
    booking: str
    conversation: str

    @property
    def room(self) -> str:
        return f"/sessions/{self.booking}/room"

    @property
    def talk(self) -> str:
        return f"/messages/{self.conversation}"


@pytest.fixture
def agreed(db_url: str, tmp_path: Path) -> Agreed:
    app = house(db_url, tmp_path)
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking = make.paid_booking(uow, client=ada, consultant=grace, start=START, brief="Should I sign?")
        conversation = actions.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
    return Agreed(app, ada, grace.actor, booking, conversation)


def say(agreed: Agreed, who: Actor, *texts: str) -> None:
    with unit_of_work(who) as uow:
        for text in texts:
            actions.send_message(uow, conversation_id=agreed.conversation, key=new_id(), text=text)


def texts(agreed: Agreed) -> list[str]:
    with Session() as db:
        return [line.text for line in queries.messages(db, agreed.conversation, agreed.ada)]


def test_who_has_nobody_to_write_to_is_told_how_it_begins(agreed: Agreed) -> None:
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    answer = Visitor(agreed.app, bob).get("/messages")
    assert (answer.status_code, "还没有消息" in words(answer)) == (200, True)
    assert 'href="/consultants"' in answer.text


def test_the_list_shows_the_other_their_last_words_and_what_is_unread(agreed: Agreed) -> None:
    say(agreed, agreed.grace, "先别签", "<b>周五</b>再说")
    answer = Visitor(agreed.app, agreed.ada).get("/messages")
    assert "Grace <b>周五</b>再说" in words(answer)
    assert "2 条未读" in words(answer)
    assert statements(answer) <= STATEMENTS_MAX
    assert "Ada" in words(Visitor(agreed.app, agreed.grace, english=True).get("/messages"))


def test_reading_a_conversation_marks_it_read(agreed: Agreed) -> None:
    say(agreed, agreed.grace, "hello")
    page = Visitor(agreed.app, agreed.ada).get(agreed.talk)
    assert (page.status_code, "hello" in words(page), statements(page) <= STATEMENTS_MAX) == (200, True, True)
    with Session() as db:
        assert queries.unread_total(db, agreed.ada) == 0


def test_the_form_sends_without_javascript_and_twice_is_once(agreed: Agreed) -> None:
    ada = Visitor(agreed.app, agreed.ada)
    for _ in range(2):
        answer = ada.post(agreed.talk, text="两行\r\n字", client_id="k1")
        assert answer.status_code == 303
    assert answer.headers["Location"] == f"{agreed.talk}#last"
    assert texts(agreed) == ["两行\n字"]


def test_a_message_written_in_the_room_leads_back_to_the_room(agreed: Agreed) -> None:
    answer = Visitor(agreed.app, agreed.ada, english=True).post(agreed.talk, text="hello", room=agreed.booking)
    assert answer.headers["Location"] == f"/en{agreed.room}#last"


@pytest.mark.parametrize("room", [False, True])
@pytest.mark.parametrize(
    ("text", "said"), [("", "请先写点内容"), (" ", "请先写点内容"), ("字" * 4_001, "最多 4,000 字")]
)
def test_what_cannot_be_sent_comes_back_with_its_words(agreed: Agreed, text: str, said: str, room: bool) -> None:
    form = {"text": text, "room": agreed.booking} if room else {"text": text}
    answer = Visitor(agreed.app, agreed.ada).post(agreed.talk, **form)
    assert (answer.status_code, said in words(answer)) == (400, True)
    assert text.strip() in answer.text
    assert texts(agreed) == []


def test_a_form_without_our_token_changes_nothing(agreed: Agreed) -> None:
    answer = Visitor(agreed.app, agreed.ada).post(agreed.talk, text="hello", csrf_token="")
    assert answer.status_code == 400
    assert texts(agreed) == []


def test_someone_elses_conversation_and_room_are_not_found(agreed: Agreed) -> None:
    with unit_of_work(now=NOW) as uow:
        strangers = [make.client(uow, "Bob"), make.operator(uow)]
    for stranger in strangers:
        visitor = Visitor(agreed.app, stranger)
        assert visitor.get(agreed.talk).status_code == 404
        assert visitor.post(agreed.talk, text="hello").status_code == 404
        assert visitor.post(agreed.talk, text="", room=agreed.booking).status_code == 404
        assert visitor.get(agreed.room).status_code == 404
        assert visitor.post(agreed.room).status_code == 404
    for wrong in ("nonsense", new_id(), "'"):
        assert Visitor(agreed.app, agreed.ada).get(f"/messages/{wrong}").status_code == 404
        assert Visitor(agreed.app, agreed.ada).get(f"/sessions/{wrong}/room").status_code == 404


def test_nobody_signed_in_is_asked_to_sign_in(agreed: Agreed) -> None:
    for path in ("/messages", agreed.talk, agreed.room):
        answer = Visitor(agreed.app).get(path)
        assert (answer.status_code, "/sign-in" in answer.headers["Location"]) == (303, True)


def test_long_conversations_come_in_pages(agreed: Agreed) -> None:
    say(agreed, agreed.grace, *(f"message {n}." for n in range(1, 121)))
    ada = Visitor(agreed.app, agreed.ada)
    latest = ada.get(agreed.talk)
    assert ("message 120." in latest.text, "message 20." in latest.text) == (True, False)
    assert f'href="{agreed.talk}?before=21"' in latest.text
    older = ada.get(f"{agreed.talk}?before=21")
    assert ("message 20." in older.text, "message 1." in older.text, "message 21." in older.text) == (True, True, False)
    for nonsense in ("", "-1", "x", "9" * 30, "0"):
        assert ada.get(f"{agreed.talk}?before={nonsense}").status_code == 200


def test_days_and_times_are_the_readers(agreed: Agreed) -> None:
    with unit_of_work(agreed.grace, now=NOW - timedelta(hours=20)) as uow:
        actions.send_message(uow, conversation_id=agreed.conversation, key="k", text="yesterday evening")
    assert "11月23日 周一" in words(Visitor(agreed.app, agreed.ada).get(agreed.talk))
    say(agreed, agreed.grace, "now")
    page = words(Visitor(agreed.app, agreed.ada, english=True).get(agreed.talk))
    assert "Today" in page
    assert "17:00" in page


# The room


def test_before_it_opens_the_room_says_when_and_the_chat_works_already(agreed: Agreed) -> None:
    page = Visitor(agreed.app, agreed.ada).get(agreed.room)
    assert "08:50 开放" in words(page)
    assert "Should I sign?" in words(page)
    assert 'name="text"' in page.text
    assert "data-join" not in page.text
    assert statements(page) <= STATEMENTS_MAX


def test_ten_minutes_before_it_is_open_and_one_joins_by_being_there(
    agreed: Agreed, clock: time_machine.Traveller
) -> None:
    clock.move_to(START - timedelta(minutes=9))
    page = Visitor(agreed.app, agreed.ada).get(agreed.room)
    assert "正在等待Grace" in words(page)
    assert "data-join" in page.text
    assert "开始咨询" not in words(page)
    assert "开始咨询" in words(Visitor(agreed.app, agreed.grace).get(agreed.room))


def test_coming_in_by_the_form_counts_and_lets_the_consultant_start_early(
    agreed: Agreed, clock: time_machine.Traveller
) -> None:
    ada, grace = Visitor(agreed.app, agreed.ada), Visitor(agreed.app, agreed.grace)
    assert "开始咨询" not in words(grace.get(agreed.room))
    assert "之后客户一到，你就可以开始" in words(grace.get(agreed.room))
    clock.move_to(START - timedelta(minutes=14))
    assert ada.post(agreed.room).headers["Location"] == agreed.room
    assert "提前进入" not in words(ada.get(agreed.room))
    assert grace.post(agreed.room).status_code == 303
    assert "开始咨询" in words(grace.get(agreed.room))
    assert grace.post(f"/sessions/{agreed.booking}/start").headers["Location"] == agreed.room
    assert "进行中" in words(ada.get(agreed.room))


def test_a_running_session_can_be_ended_by_both_and_then_leads_the_client_to_feedback(agreed: Agreed) -> None:
    with unit_of_work(now=START) as uow:
        bookings.join_session(make.acting(uow, agreed.ada), booking_id=agreed.booking)
        bookings.begin_session(make.acting(uow, agreed.grace), booking_id=agreed.booking)
    for who in (agreed.ada, agreed.grace):
        page = Visitor(agreed.app, who).get(agreed.room)
        assert f'action="/sessions/{agreed.booking}/completion"' in page.text
        assert statements(page) <= STATEMENTS_MAX
    answer = Visitor(agreed.app, agreed.ada).post(f"/sessions/{agreed.booking}/completion")
    assert answer.headers["Location"] == f"/sessions/{agreed.booking}/feedback"
    assert f'href="/sessions/{agreed.booking}/feedback"' in Visitor(agreed.app, agreed.ada).get(agreed.room).text
    assert f'href="/sessions/{agreed.booking}/feedback"' not in Visitor(agreed.app, agreed.grace).get(agreed.room).text
    assert 'name="text"' in Visitor(agreed.app, agreed.ada).get(agreed.room).text


def test_the_room_of_a_cancelled_unpaid_or_missed_booking_says_so(
    agreed: Agreed, clock: time_machine.Traveller
) -> None:
    with unit_of_work(now=NOW) as uow:
        bob, eve = make.client(uow, "Bob"), make.consultant(uow, "Eve")
        held = make.held_booking(uow, client=bob, consultant=eve)
        gone = make.paid_booking(uow, client=bob, consultant=eve, start=make.slot(uow, eve, number=3))
        bookings.cancel_booking(make.acting(uow, bob), booking_id=gone)
    visitor = Visitor(agreed.app, bob)
    assert "还没有付款" in words(visitor.get(f"/sessions/{held}/room"))
    assert "已取消" in words(visitor.get(f"/sessions/{gone}/room"))
    clock.move_to(START + timedelta(minutes=61))
    assert "约定的时间已过" in words(Visitor(agreed.app, agreed.ada).get(agreed.room))
    with unit_of_work() as uow:
        bookings.pass_time(uow, booking_id=agreed.booking)
    assert "没有进行" in words(Visitor(agreed.app, agreed.ada).get(agreed.room))


def test_a_room_opened_before_the_fact_was_delivered_has_its_chat(agreed: Agreed) -> None:
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
        eve = make.consultant(uow, "Eve")
        booking = make.paid_booking(uow, client=bob, consultant=eve)
    assert 'name="text"' in Visitor(agreed.app, bob).get(f"/sessions/{booking}/room").text
