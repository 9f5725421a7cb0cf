"""The pages on which a session is moved, and on which one stops waiting."""

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
from zhixun.features.booking import actions, queries
from zhixun.features.booking.rules import State
from zhixun.features.scheduling import actions as scheduling
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
OTHER = "2026-11-27T02:00:00Z"
MINUTE = timedelta(minutes=1)


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
        return ada, grace, make.paid_booking(uow, client=ada, consultant=grace, start=START)


def view(booking_id: str) -> queries.BookingView:
    with Session() as db:
        return queries.booking(db, booking_id, SYSTEM, NOW)


def test_a_client_moves_their_session_and_is_told_what_stays(app: Flask, agreed) -> None:
    ada, _, booking_id = agreed
    browser = Visitor(app, ada, english=True)
    assert f'href="/en/sessions/{booking_id}/move"' in browser.get(f"/sessions/{booking_id}").text
    page = browser.get(f"/sessions/{booking_id}/move")
    said = words(page)
    assert "goes on counting from the time first booked, Thu 26 Nov, 09:00" in said
    assert "You can move it 3 more times." in said
    assert f'value="{OTHER}"' in page.text
    assert 'name="start" value="2026-11-26T01:00:00Z"' not in page.text
    first, later = page.text.split('<details class="pick__more"')
    assert first.count('class="pick"') == 7, "seven days stand open"
    assert later.count('class="pick"') > 0
    assert statements(page) <= STATEMENTS_MAX
    moved = browser.post(f"/sessions/{booking_id}/move", start=OTHER, seen="2026-11-26T01:00:00Z")
    after = words(browser.follow(moved))
    assert "Moved to Fri 27 Nov, 10:00" in after
    assert "goes on counting from the time first booked, Thu 26 Nov, 09:00" in after
    assert "Fri 27 Nov, 10:00–11:00" in after
    assert browser.post(f"/sessions/{booking_id}/move", start=OTHER, seen="2026-11-26T01:00:00Z").status_code == 303
    assert view(booking_id).moves == 1


def test_a_notice_of_it_says_when_the_session_is_now(app: Flask, agreed, deliver_all) -> None:
    ada, _, booking_id = agreed
    browser = Visitor(app, ada, english=True)
    browser.post(f"/sessions/{booking_id}/move", start=OTHER)
    deliver_all()
    page = browser.get("/notices")
    assert "has another time now. new Fri 27 Nov, 10:00–11:00" in words(page)
    assert statements(page) <= STATEMENTS_MAX


def test_the_consultant_moves_it_and_the_client_reads_until_when_they_may_say_no(app: Flask, agreed) -> None:
    ada, grace, booking_id = agreed
    browser = Visitor(app, grace.actor, english=True)
    assert "Your client is told at once, and may say no" in words(browser.get(f"/sessions/{booking_id}/move"))
    browser.post(f"/sessions/{booking_id}/move", start=OTHER)
    said = words(Visitor(app, ada, english=True).get(f"/sessions/{booking_id}"))
    assert "Your consultant moved this session." in said
    assert "cancel before Thu 26 Nov, 10:00 and everything comes back" in said


def test_a_time_that_is_gone_keeps_the_page_and_says_so(app: Flask, agreed) -> None:
    ada, grace, booking_id = agreed
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
        make.held_booking(uow, client=bob, consultant=grace, start=datetime(2026, 11, 27, 2, 0, tzinfo=UTC))
    browser = Visitor(app, ada, english=True)
    gone = browser.post(f"/sessions/{booking_id}/move", start=OTHER)
    assert (gone.status_code, "Someone else has just taken this time" in words(gone)) == (409, True)
    stale = browser.post(f"/sessions/{booking_id}/move", start="2026-11-27T03:00:00Z", seen="2026-11-25T01:00:00Z")
    assert (stale.status_code, "has just been moved" in words(stale)) == (409, True)
    for start in ("", "yesterday", "2026-11-27T03:00:00"):
        assert browser.post(f"/sessions/{booking_id}/move", start=start).status_code == 400
    assert view(booking_id).starts_at == START


def test_who_may_not_move_is_told_why(app: Flask, agreed, clock: time_machine.Traveller) -> None:
    ada, grace, booking_id = agreed
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    assert Visitor(app, bob).get(f"/sessions/{booking_id}/move").status_code == 404
    clock.move_to(START - timedelta(hours=1), tick=False)
    browser = Visitor(app, ada, english=True)
    assert "/move" not in browser.get(f"/sessions/{booking_id}").text
    for answer in (
        browser.get(f"/sessions/{booking_id}/move"),
        browser.post(f"/sessions/{booking_id}/move", start=OTHER),
    ):
        assert (answer.status_code, "until two hours before it" in words(answer)) == (409, True)
    assert Visitor(app, grace.actor).get(f"/sessions/{booking_id}/move").status_code == 200


def test_where_no_other_time_is_free_the_page_says_what_to_do(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=START)
        scheduling.set_weekly_hours(uow, consultant_id=grace.id, hours=[])
    page = Visitor(app, ada, english=True).get(f"/sessions/{booking_id}/move")
    assert "No other time is free in the next three weeks" in words(page)


@pytest.mark.parametrize(
    ("waits", "sum_said"), [("ada", "You get back at once ¥480.00"), ("grace", "Your share, after 48 hours ¥422.40")]
)
def test_who_waits_sees_what_follows_before_leaving(
    app: Flask, agreed, clock: time_machine.Traveller, waits: str, sum_said: str
) -> None:
    ada, grace, booking_id = agreed
    me = {"ada": ada, "grace": grace.actor}[waits]
    with unit_of_work(now=START) as uow:
        actions.join_session(make.acting(uow, me), booking_id=booking_id)
    browser = Visitor(app, me, english=True)
    clock.move_to(START + 9 * MINUTE, tick=False)
    assert browser.get(f"/sessions/{booking_id}/absence").status_code == 409
    assert 'hidden><a href="/en/sessions' in browser.get(f"/sessions/{booking_id}/room").text
    clock.move_to(START + 10 * MINUTE, tick=False)
    for path in ("", "/room"):
        assert f'href="/en/sessions/{booking_id}/absence"' in browser.get(f"/sessions/{booking_id}{path}").text
    page = browser.get(f"/sessions/{booking_id}/absence")
    assert sum_said in words(page)
    assert statements(page) <= STATEMENTS_MAX
    left = browser.post(f"/sessions/{booking_id}/absence")
    assert "Noted: you were there and waited." in words(browser.follow(left))
    assert view(booking_id).state is State.NO_SHOW


def test_who_does_not_wait_finds_nothing_to_leave(app: Flask, agreed, clock: time_machine.Traveller) -> None:
    ada, _, booking_id = agreed
    clock.move_to(START + 11 * MINUTE, tick=False)
    browser = Visitor(app, ada, english=True)
    assert browser.get(f"/sessions/{booking_id}/absence").status_code == 303
    assert "come into the room first" in words(browser.post(f"/sessions/{booking_id}/absence"))
