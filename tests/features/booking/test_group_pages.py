"""The pages of group sessions: setting one, taking a seat, the room, and calling it off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import GroupWish
from zhixun.features.booking.rules import State
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Money, Words, new_id

START = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
FORM = {
    "title": "Interview practice", "start": "2026-11-27T19:00", "minutes": 60, "price": "120", "seats": 2, "seats_min": 1,
    "decide_hours": 24,
}  # fmt: skip


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Iterator[Flask]:
    with time_machine.travel(NOW, tick=False):
        yield house(db_url, tmp_path)


@pytest.fixture
def grace(app) -> make.ConsultantMade:
    with unit_of_work(now=NOW) as uow:
        return make.consultant(uow)


def guest(app: Flask, name: str = "Ada", *, zone: str = "Asia/Shanghai"):
    with unit_of_work(now=NOW) as uow:
        who = make.client(uow, name, zone=zone)
    return Visitor(app, who, english=True), who


def set_up(grace, **terms) -> str:
    wish = GroupWish(Words("Interview practice"), START, 60, Money(12_000), 2, 1, START - timedelta(hours=24))
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.set_group(uow, group_id=(name := new_id()), wish=replace(wish, **terms))
    return name


def paid_seat(browser: Visitor, group_id: str) -> str:
    to_checkout = browser.post(f"/groups/{group_id}/seats", booking_id=new_id())
    booking_id = re.search(r"/checkout/([0-9a-f]{32})", to_checkout.headers["Location"])[1]
    with Session() as db:
        payment_id = queries.booking(db, booking_id, SYSTEM, NOW).payment_id
    browser.follow(browser.post(f"/sandbox/pay/{payment_id}", outcome="pay"))
    browser.get(f"/sessions/{booking_id}")
    return booking_id


def test_everybody_reads_the_title_in_their_own_language(app, grace):
    both = FORM | {"title": "面试演练", "title_en": "Interview practice"}
    browser = Visitor(app, grace.actor, english=True)
    said = words(browser.follow(browser.post("/pro/groups", group_id=new_id(), **both)))
    assert ("Interview practice" in said, "面试演练" in said) == (True, False)
    assert "面试演练" in words(Visitor(app).get(f"/c/{grace.slug}"))
    short = browser.post("/pro/groups", group_id=new_id(), **(both | {"title_en": "No"}))
    assert short.status_code == 400
    assert "4 to 60 characters" in words(short)


def test_for_the_consultant_a_group_is_one_line_of_their_sessions(app, grace):
    group_id = set_up(grace)
    ada, bob = guest(app)[0], guest(app, "Bob")[0]
    seats = [paid_seat(one, group_id) for one in (ada, bob)]
    page = Visitor(app, grace.actor, english=True).get("/sessions")
    assert "2 people have a seat" in words(page)
    assert page.text.count(f'href="/en/groups/{group_id}"') == 2, "its name, and its details"
    assert not [one for one in seats if one in page.text]
    assert f'href="/en/sessions/{seats[0]}"' in ada.get("/sessions").text, "for a client it is their own"


def test_the_page_says_when_the_room_opens_until_it_is_open(app, grace):
    group_id = set_up(grace)
    ada, _ = guest(app)
    paid_seat(ada, group_id)
    for browser in (ada, Visitor(app, grace.actor, english=True)):
        with time_machine.travel(START - timedelta(hours=1), tick=False):
            page = browser.get(f"/groups/{group_id}")
        said = words(page)
        assert ("Room opens today 18:50" in said, "Go to the session room" in said) == (True, False)
        assert f'href="/en/groups/{group_id}/room"' in page.text, "to write beforehand"
        with time_machine.travel(START - timedelta(minutes=9), tick=False):
            assert "Go to the session room" in words(browser.get(f"/groups/{group_id}"))


def test_a_consultant_sets_a_time_on_their_own_clock_and_it_stands_on_their_page(app, grace):
    browser = Visitor(app, grace.actor, english=True)
    assert "No group session yet" in words(browser.get("/pro/groups"))
    page = browser.follow(browser.post("/pro/groups", group_id=new_id(), **FORM))
    assert "Fri 27 Nov, 19:00–20:00" in words(page)
    shown = Visitor(app, english=True).get(f"/c/{grace.slug}")
    assert "2 seats left" in words(shown)
    assert "19:00–20:00 Beijing time (UTC+8)" in words(shown)
    assert "¥120 a seat" in words(shown)
    taken = browser.post("/pro/groups", group_id=new_id(), **FORM)
    assert taken.status_code == 409
    assert "You have a session at this time already." in words(taken)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"start": ""}, "Please choose a day and a time."),
        ({"start": "9999-12-31T23:00"}, "Please choose a time within a year."),
        ({"price": "much"}, "Please write an amount"),
        ({"seats": "99"}, "2 to 30 seats"),
        ({"seats_min": "5"}, "between 1 and the number of seats"),
        ({"title": "x"}, "4 to 60 characters"),
        ({"minutes": "5"}, "10 to 240 minutes"),
    ],
)
def test_what_is_no_group_session_comes_back_with_what_was_typed(app, grace, more, said):
    refused = Visitor(app, grace.actor, english=True).post("/pro/groups", group_id=new_id(), **(FORM | more))
    assert refused.status_code == 400
    assert said in words(refused)
    if "price" not in more:
        assert 'value="120"' in refused.text


def test_a_client_takes_a_seat_and_pays_for_it(app, grace):
    browser, _ = guest(app, zone="Europe/London")
    name = set_up(grace)
    page = browser.get(f"/groups/{name}")
    assert "Fri 27 Nov, 11:00–12:00 For Grace: Fri 27 Nov, 19:00–20:00" in words(page)
    assert "By text only" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    to_checkout = browser.post(f"/groups/{name}/seats", booking_id=new_id())
    checkout = browser.follow(to_checkout)
    assert f'href="/en/groups/{name}"' in checkout.text, "back to the group, not to a time of one's own"
    assert "Takes place with at least 1; this is decided Thu 26 Nov, 11:00." in words(checkout)
    booking_id = paid_seat(browser, name)
    assert "Takes place with at least 1" in words(browser.get(f"/sessions/{booking_id}"))
    assert "You have a seat." in words(browser.get(f"/groups/{name}"))
    assert "Group session" in words(browser.get(f"/sessions/{booking_id}"))
    again = browser.post(f"/groups/{name}/seats", booking_id=new_id())
    assert again.headers["Location"].endswith(f"/checkout/{booking_id}")


def test_who_is_too_late_sees_the_other_dates(app, grace):
    name, other = set_up(grace), set_up(grace, start=START + timedelta(days=1), decide_at=START)
    for one in ("Ada", "Bob"):
        paid_seat(guest(app, one)[0], name)
    refused = guest(app, "Carl")[0].post(f"/groups/{name}/seats", booking_id=new_id())
    assert refused.status_code == 409
    assert "Every seat is taken." in words(refused)
    assert f"/groups/{other}" in refused.text
    with time_machine.travel(START + timedelta(hours=2), tick=False):
        closed = guest(app, "Dora")[0].post(f"/groups/{name}/seats", booking_id=new_id())
    assert closed.status_code == 409


def test_a_hold_that_has_ended_leads_back_to_the_group(app, grace):
    browser, _ = guest(app)
    name = set_up(grace)
    to_checkout = browser.post(f"/groups/{name}/seats", booking_id=new_id()).headers["Location"]
    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        path = to_checkout.removeprefix("/en")
        assert browser.get(path).headers["Location"].endswith(f"/groups/{name}")


def test_everybody_comes_into_one_room_and_the_consultant_sees_who_did(app, grace):
    name = set_up(grace)
    (ada, _), (bob, bobby) = guest(app), guest(app, "Bob")
    ids = [paid_seat(ada, name), paid_seat(bob, name)]
    teacher = Visitor(app, grace.actor, english=True)
    with time_machine.travel(START, tick=False):
        assert ada.get(f"/sessions/{ids[0]}/room").headers["Location"].endswith(f"/groups/{name}/room")
        ada.post(f"/groups/{name}/room")
        teacher.post(f"/groups/{name}/room")
        room = teacher.get(f"/groups/{name}/room")
        assert "1 of 2 has come in" in words(room)
        assert statements(teacher.get(f"/groups/{name}/room")) <= STATEMENTS_MAX
        where = re.search(r'data-conversation="([0-9a-f]{32})"', room.text)[1]
        said = teacher.post(f"/messages/{where}", client_id=new_id(), text="Welcome to all of you")
        assert f"/groups/{name}/room" in said.headers["Location"]
        heard = words(bob.get(f"/groups/{name}/room"))
        assert "Grace: Welcome to all of you" in heard
        assert bob.post(f"/messages/{where}", client_id=new_id(), text="").status_code == 400
        assert bob.get(f"/messages/{where}").headers["Location"].endswith(f"/groups/{name}/room")
        assert bob.get(f"/messages/{where}/block").status_code == 404
        seen = words(teacher.get(f"/groups/{name}"))
        assert "came Fri 27 Nov, 19:00" in seen
        assert "not in the room yet" in seen
        teacher.post(f"/groups/{name}/completion")
    with Session() as db:
        assert [queries.booking(db, one, SYSTEM, START).state for one in ids] == [State.COMPLETED, State.CONFIRMED]
    stranger, _ = guest(app, "Carl")
    assert stranger.get(f"/groups/{name}/room").status_code == 404
    assert stranger.post(f"/groups/{name}/room").status_code == 404
    assert bobby.user_id


def test_a_consultant_calls_it_off_after_seeing_what_follows(app, grace):
    name = set_up(grace)
    booking_id = paid_seat(guest(app)[0], name)
    browser = Visitor(app, grace.actor, english=True)
    assert "1 person has paid for a seat" in words(browser.get(f"/groups/{name}/cancellation"))
    done = browser.follow(browser.post(f"/groups/{name}/cancellation"))
    assert "Called off. Everybody who had paid gets everything back." in words(done)
    with Session() as db:
        assert queries.booking(db, booking_id, SYSTEM, NOW).state is State.CANCELLED
    with unit_of_work(now=NOW) as uow:
        other = make.consultant(uow, "Hopper")
    assert Visitor(app, other.actor).post(f"/groups/{name}/cancellation").status_code == 404


def test_a_day_off_says_that_the_group_sessions_on_it_are_called_off(app, grace):
    set_up(grace)
    browser = Visitor(app, grace.actor, english=True)
    assert "Nothing is booked: only the days are closed." in words(browser.get("/pro/day-off?until=2026-11-25"))
    page = browser.get("/pro/day-off?until=2026-11-27")
    assert "Group sessions that are called off 1" in words(page)
    assert "Nobody has a seat in them yet." in words(page)
    assert statements(page) <= STATEMENTS_MAX


def test_a_visitor_signs_in_before_taking_a_seat(app, grace):
    name = set_up(grace)
    asked = Visitor(app).post(f"/groups/{name}/seats", booking_id=new_id())
    assert "sign-in" in asked.headers["Location"]
    assert Visitor(app).get(f"/groups/{new_id()}").status_code == 404
