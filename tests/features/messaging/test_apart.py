"""Contact details before a first session, help lines in danger, blocking, reporting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.actions.asking import NotBetweenThem
from zhixun.features.booking.rules import State
from zhixun.features.catalog import actions as put
from zhixun.features.catalog import queries as catalog
from zhixun.features.crm import actions as told
from zhixun.features.crm import queries as crm
from zhixun.features.messaging import actions, queries, rules, sockets
from zhixun.features.messaging.actions import ContactFound, ConversationClosed
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Words, new_id

PHONE = "我的电话是 138 0013 8000"
Two = tuple[Flask, Actor, make.ConsultantMade, str, str]


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def two(db_url: str, tmp_path: Path) -> Two:
    """The house, Ada, Grace, their conversation and a paid session of theirs ahead."""
    app = house(db_url, tmp_path)
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking = make.paid_booking(uow, client=ada, consultant=grace)
        talk = actions.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
    return app, ada, grace, talk, booking


def say(who: Actor, talk: str, text: str, key: str = "") -> queries.MessageLine:
    with unit_of_work(who) as uow:
        return actions.send_message(uow, conversation_id=talk, key=key or new_id(), text=text)


def counted() -> tuple[int, int]:
    with Session() as db:
        return queries.contacts_told(db, NOW - timedelta(days=1))


def test_who_writes_a_phone_number_is_told_first_and_may_send_it_all_the_same(two: Two) -> None:
    _, ada, grace, talk, _ = two
    key = new_id()
    with pytest.raises(ContactFound) as told:
        say(ada, talk, PHONE, key)
    assert told.value.extra == {"kind": "phone"}
    assert counted() == (1, 0)
    assert say(ada, talk, PHONE, key).seq == 1
    assert say(ada, talk, PHONE, key).seq == 1, "sent twice is sent once"
    assert counted() == (1, 1)
    with pytest.raises(ContactFound):
        say(grace.actor, talk, "加我微信")
    assert say(ada, talk, "下周三 2026-12-09 19:30 可以").seq == 2


def test_once_they_have_had_a_session_nothing_is_said_about_it(two: Two) -> None:
    _, ada, grace, talk, _ = two
    with unit_of_work(now=NOW - timedelta(days=3)) as uow:
        make.completed_booking(uow, client=ada, consultant=grace)
    assert say(ada, talk, PHONE).seq == 1
    assert counted() == (0, 0)


def test_without_a_script_the_words_stay_and_a_second_press_sends_them(two: Two) -> None:
    app, ada, _, talk, _ = two
    browser, form = Visitor(app, ada, english=True), {"client_id": new_id(), "text": PHONE}
    page = browser.post(f"/messages/{talk}", **form)
    assert (page.status_code, "Send it again if you mean it." in words(page), PHONE in page.text) == (400, True, True)
    assert form["client_id"] in page.text
    assert browser.post(f"/messages/{talk}", **form).status_code == 303


def test_words_of_danger_bring_the_help_lines_to_their_writer(two: Two) -> None:
    app, ada, _, talk, _ = two
    with unit_of_work() as uow:
        for position, one in enumerate(catalog.house_fields()):
            put.put_field(uow, position=position, field=one)
    with Session() as db:
        fields = catalog.bare_fields(db)
    word = next(one.crisis_words[0] for one in fields if one.crisis_words)
    assert rules.help_for("下周三见", fields) is None
    assert rules.help_for("上次讲到一半被打断了，希望这次不被打扰", fields) is None
    assert rules.help_for("昨天又被打断，晚上还被打", fields) is not None
    assert rules.help_for(f"我{word}", fields) is not None
    browser = Visitor(app, ada, english=True)
    assert 'data-help role="status" hidden' in browser.get(f"/messages/{talk}").text
    heard = sockets.on_send(ada, {"conversation": talk, "client_id": new_id(), "text": f"我{word}"})
    assert heard["type"] == "message"
    page = browser.get(f"/messages/{talk}")
    assert 'data-help role="status" hidden' not in page.text
    assert statements(page) <= STATEMENTS_MAX


def test_the_field_says_in_the_room_what_a_session_is_not(two: Two) -> None:
    app, ada, _, _, booking = two
    with unit_of_work() as uow:
        law = next(one for one in catalog.house_fields() if one.id == "career")
        put.put_field(uow, position=1, field=law)
    page = Visitor(app, ada, english=True).get(f"/sessions/{booking}/room")
    assert law.disclaimer.en in page.text.replace("&#39;", "'")
    assert statements(page) <= STATEMENTS_MAX


@pytest.mark.parametrize("by", ["client", "consultant"])
def test_a_block_ends_writing_and_booking_both_ways_and_returns_money_by_the_rule(two: Two, by: str) -> None:
    app, ada, grace, talk, booking = two
    blocker, other = (ada, grace.actor) if by == "client" else (grace.actor, ada)
    page = Visitor(app, blocker, english=True).get(f"/messages/{talk}/block")
    assert "These sessions are cancelled with it" in words(page)
    for _ in range(2):
        with unit_of_work(blocker) as uow:
            actions.block_other(uow, conversation_id=talk)
    with Session() as db:
        view = booking_queries.booking(db, booking, ada, NOW)
        assert view.state is State.CANCELLED
        assert accounts.has_blocked(db, blocker.user_id, other.user_id)
        assert not accounts.has_blocked(db, other.user_id, blocker.user_id)
    for who in (ada, grace.actor):
        with pytest.raises(ConversationClosed):
            say(who, talk, "hello")
    with pytest.raises(NotBetweenThem), unit_of_work(ada) as uow:
        bookings.request_booking(uow, booking_id=new_id(), service_id=grace.service_id, start=make.slot(uow, grace))
    theirs = words(Visitor(app, other, english=True).get(f"/messages/{talk}"))
    assert "Nothing more can be written in this conversation." in theirs
    assert "blocked" not in theirs.lower()
    assert "You have blocked" in words(Visitor(app, blocker, english=True).get(f"/messages/{talk}"))
    with unit_of_work(blocker) as uow:
        actions.unblock_other(uow, conversation_id=talk)
    assert say(other, talk, "hello").seq == 1


def test_a_stranger_finds_neither_block_nor_report(two: Two) -> None:
    app, _, _, talk, _ = two
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
    for path in (f"/messages/{talk}/block", f"/messages/{talk}/report", f"/messages/{new_id()}/block"):
        assert Visitor(app, bob).get(path).status_code == 404
    with pytest.raises(NotFound), unit_of_work(bob) as uow:
        actions.block_other(uow, conversation_id=talk)


def test_a_report_reaches_the_desk_with_a_clock_and_what_its_writer_shows(two: Two) -> None:
    app, ada, grace, talk, _ = two
    say(grace.actor, talk, "You are a fool.")
    browser, form = Visitor(app, ada, english=True), {"matter_id": new_id(), "reason": "harassment", "shows": "yes"}
    empty = browser.post(f"/messages/{talk}/report", reason="", text="They insulted me twice.")
    assert (empty.status_code, "They insulted me twice." in empty.text) == (400, True)
    for _ in range(2):
        sent = browser.post(f"/messages/{talk}/report", text="They insulted me twice.", **form)
        assert sent.status_code == 303
    with unit_of_work() as uow:
        olga = make.operator(uow, role="support")
    desk = Visitor(app, olga, english=True)
    assert words(desk.get("/ops/complaints")).count("A report") == 1
    page = words(desk.get(f"/ops/complaints/{form['matter_id']}"))
    assert "They insulted me twice." in page
    assert "> You are a fool." in page
    assert "Grace" in page
    with Session() as db:
        [line] = crm.matters(db, state="open", now=NOW)
    assert (line.about_id, line.due_at - line.filed_at) == (grace.id, timedelta(days=1))
    answered = desk.post(f"/ops/complaints/{form['matter_id']}", deed="answer", answer="We have spoken with them.")
    assert answered.status_code == 303
    assert "We have spoken with them." in words(browser.get("/help/complaint"))
    assert "insulted" not in words(Visitor(app, grace.actor, english=True).get(f"/messages/{talk}"))


def test_what_makes_no_report_is_refused(two: Two) -> None:
    _, ada, _, talk, _ = two
    for reason, text in (("nonsense", "They insulted me twice."), ("harassment", "short")):
        with pytest.raises(Invalid), unit_of_work(ada) as uow:
            told.report_person(uow, matter_id=new_id(), conversation_id=talk, reason=reason, text=text)


def test_a_report_from_a_group_says_whom_it_is_about_and_shows_only_theirs(two: Two) -> None:
    app, ada, grace, _, _ = two
    start = NOW + timedelta(days=3)
    wish = bookings.GroupWish(Words("Interview practice"), start, 60, make.PRICE, 4, 2, start - timedelta(days=1))
    with unit_of_work() as uow:
        bob, carl = make.client(uow, "Bob"), make.client(uow, "Carl")
    with unit_of_work(grace.actor) as uow:
        bookings.set_group(uow, group_id=(group := new_id()), wish=wish)
    for who in (ada, bob):
        with unit_of_work(who) as uow:
            made = bookings.take_seat(uow, booking_id=new_id(), group_id=group)
        with unit_of_work() as uow:
            make.pay(uow, made.booking_id)
            bookings.confirm_if_paid(uow, booking_id=made.booking_id)
    with unit_of_work(ada) as uow:
        talk = actions.open_for_group(uow, group_id=group)
    say(bob, talk, "You are all fools.")
    say(grace.actor, talk, "Let us begin calmly.")
    browser, form = Visitor(app, ada, english=True), {"matter_id": new_id(), "reason": "harassment", "shows": "yes"}
    page = browser.get(f"/messages/{talk}/report")
    assert "Report someone in this group" in words(page)
    assert "Bob" in words(page)
    for nobody in ("", carl.user_id, ada.user_id, group, "nonsense"):
        refused = browser.post(f"/messages/{talk}/report", text="Bob insulted us.", about=nobody, **form)
        assert (refused.status_code, "Please choose whom it is about." in refused.text) == (400, True)
    sent = browser.post(f"/messages/{talk}/report", text="Bob insulted us.", about=bob.user_id, **form)
    assert sent.status_code == 303
    with unit_of_work() as uow:
        olga = make.operator(uow, role="support")
    said = words(Visitor(app, olga, english=True).get(f"/ops/complaints/{form['matter_id']}"))
    assert "> You are all fools." in said
    assert "calmly" not in said
    with Session() as db:
        [line] = crm.matters(db, state="open", now=NOW)
    assert line.about_id == bob.user_id
