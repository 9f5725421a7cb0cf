"""Requests on their pages: asked, answered, withdrawn, and what stands instead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from icalendar import Calendar

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions, queries
from zhixun.features.booking.rules import State
from zhixun.features.catalog import actions as catalog
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, new_id

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
"""Two days on, a Thursday, 09:00 in Shanghai."""
WHY = "I am at a hearing that day."


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def asked(app: Flask) -> tuple[make.Actor, make.ConsultantMade, str]:
    """Ada, Grace and a request that waits for Grace."""
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        make.consultant(uow, "Ida")
        catalog.ask_first(make.acting(uow, grace.actor), service_id=grace.service_id, on_request=True)
        uow.db.flush()
        return ada, grace, make.paid_booking(uow, client=ada, consultant=grace, start=START, brief="Should I sign?")


def state(booking_id: str) -> State:
    with Session() as db:
        return queries.booking(db, booking_id, SYSTEM, NOW).state


def test_before_paying_it_is_said_until_when_one_is_answered(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        catalog.ask_first(make.acting(uow, grace.actor), service_id=grace.service_id, on_request=True)
        uow.db.flush()
        booking_id = make.held_booking(uow, client=ada, consultant=grace, start=START)
    visitor = Visitor(app, ada, english=True)
    checkout = visitor.get(f"/checkout/{booking_id}")
    assert "Grace accepts each booking. You are answered before Wed 25 Nov, 17:00" in words(checkout)
    assert statements(checkout) <= STATEMENTS_MAX
    assert "accepted within a day" in words(visitor.get(f"/c/{grace.slug}"))


def test_both_see_what_waits_and_how_long(app: Flask, asked: tuple) -> None:
    ada, grace, booking_id = asked
    for who, said in (
        (ada, "Waiting for Grace to accept"),
        (grace.actor, "A request for you"),
    ):
        page = Visitor(app, who, english=True).get(f"/sessions/{booking_id}")
        assert said in words(page)
        assert 'data-count="86400"' in page.text
        assert "24:00:00" in words(page)
        assert statements(page) <= STATEMENTS_MAX
    seen = Visitor(app, grace.actor, english=True)
    assert "Should I sign?" in words(seen.get(f"/sessions/{booking_id}"))
    assert "Waiting for an answer" in words(seen.get("/sessions"))
    day = seen.get("/pro")
    assert "Waiting for your answer" in words(day)
    assert statements(day) <= STATEMENTS_MAX
    assert "Waiting for an answer" in words(Visitor(app, ada, english=True).get("/sessions"))
    assert "This session is not accepted yet" in words(
        Visitor(app, ada, english=True).get(f"/sessions/{booking_id}/room")
    )


def test_a_yes_on_the_page(app: Flask, asked: tuple) -> None:
    ada, grace, booking_id = asked
    theirs = Visitor(app, grace.actor, english=True)
    for _ in range(2):
        done = theirs.post(f"/sessions/{booking_id}/acceptance")
        assert "Accepted. Your client has been told." in words(theirs.follow(done))
    assert state(booking_id) is State.CONFIRMED
    assert "Confirmed: the time is yours" in words(Visitor(app, ada, english=True).get(f"/sessions/{booking_id}"))
    late = theirs.post(f"/sessions/{booking_id}/refusal", reason=WHY)
    assert (late.status_code, "has been accepted" in words(late)) == (409, True)


def test_a_no_with_its_reason_and_three_ways_on(app: Flask, asked: tuple) -> None:
    ada, grace, booking_id = asked
    theirs = Visitor(app, grace.actor, english=True)
    short = theirs.post(f"/sessions/{booking_id}/refusal", reason="<b>")
    assert short.status_code == 400
    assert "Please say why, in 5 to 500 characters." in words(short)
    assert "&lt;b&gt;</textarea>" in short.text
    done = theirs.post(f"/sessions/{booking_id}/refusal", reason=WHY)
    assert "Declined. Your client gets ¥480" in words(theirs.follow(done))
    mine = Visitor(app, ada, english=True).get(f"/sessions/{booking_id}")
    assert WHY in words(mine)
    assert "You could take one of these instead" in words(mine)
    assert "is on its way back to you" in words(mine)
    assert f"/c/{grace.slug}?" in mine.text
    assert f"service={grace.service_id}" in mine.text
    assert statements(mine) <= STATEMENTS_MAX


def test_the_client_withdraws_on_the_page_and_the_consultant_is_told_why_not(app: Flask, asked: tuple) -> None:
    ada, grace, booking_id = asked
    mine = Visitor(app, ada, english=True)
    ask = mine.get(f"/sessions/{booking_id}/cancellation")
    assert "Withdraw this request?" in words(ask)
    assert "Withdraw and return ¥480" in words(ask)
    mine.post(f"/sessions/{booking_id}/cancellation", refund_minor="48000")
    assert state(booking_id) is State.CANCELLED
    refused = Visitor(app, grace.actor, english=True).post(f"/sessions/{booking_id}/acceptance")
    assert (refused.status_code, "The client has withdrawn this request." in words(refused)) == (409, True)


def test_who_may_not_answer_finds_nothing_or_is_told(app: Flask, asked: tuple) -> None:
    ada, grace, booking_id = asked
    with unit_of_work(now=NOW) as uow:
        other = make.consultant(uow, "Hopper")
    for who, status in ((other.actor, 404), (ada, 403)):
        answer = Visitor(app, who, english=True).post(f"/sessions/{booking_id}/acceptance")
        assert answer.status_code == status
    assert Visitor(app, grace.actor).post(f"/sessions/{new_id()}/acceptance").status_code == 404
    back = Visitor(app, grace.actor).get(f"/sessions/{booking_id}/cancellation")
    assert back.status_code == 303, "who is asked answers; there is nothing to cancel yet"


def test_in_calendars_it_is_tentative_until_it_is_accepted(app: Flask, asked: tuple) -> None:
    ada, grace, booking_id = asked
    mine = Visitor(app, ada, english=True)
    mine.post("/me/calendar")
    address = mine.get("/me/calendar").text.split("/calendar/")[1].split(".ics")[0]
    found = []
    for _ in range(2):
        for path in (f"/sessions/{booking_id}/calendar.ics", f"/calendar/{address}.ics"):
            [event] = Calendar.from_ical(mine.get(path).data).walk("VEVENT")
            found.append((str(event["UID"]), str(event["STATUS"]), int(event["SEQUENCE"])))
        with unit_of_work(now=NOW) as uow:
            actions.accept_request(make.acting(uow, grace.actor), booking_id=booking_id)
    uid = f"{booking_id}@zhixun"
    assert found == [(uid, "TENTATIVE", 0)] * 2 + [(uid, "CONFIRMED", 1)] * 2


def test_a_consultant_says_which_services_ask_first(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        grace, ida = make.consultant(uow), make.consultant(uow, "Ida")
    mine = Visitor(app, grace.actor, english=True)
    assert "It stands at once" in words(mine.get("/pro/services"))
    kept = mine.post(f"/pro/services/{grace.service_id}/asking", on_request="yes")
    assert "Kept. It holds for bookings from now on." in words(mine.follow(kept))
    assert 'value="yes" checked' in mine.get("/pro/services").text
    for service_id in (ida.service_id, new_id(), "nonsense"):
        assert mine.post(f"/pro/services/{service_id}/asking", on_request="yes").status_code == 404
    assert Visitor(app).get("/pro/services").status_code in (302, 303, 401)
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    assert Visitor(app, ada).get("/pro/services").status_code == 403


def test_the_desk_lists_requests_and_sees_what_stands_still(app: Flask, asked: tuple) -> None:
    _, _, booking_id = asked
    with unit_of_work(now=NOW) as uow:
        olga = make.operator(uow)
    desk = Visitor(app, olga, english=True)
    assert booking_id in desk.get("/ops/bookings?state=requested").text
    assert "Asked" in words(desk.get(f"/ops/bookings/{booking_id}")) or "Requested" in words(
        desk.get(f"/ops/bookings/{booking_id}")
    )
    with Session() as db:
        late = NOW + timedelta(hours=25)
        assert [one.id for one in queries.house_list(db, late, state="stuck")] == [booking_id]
