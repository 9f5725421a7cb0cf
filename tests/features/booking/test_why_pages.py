"""Why a time is not offered: the consultant's own page and the desk's, rule by rule, with what is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions
from zhixun.features.booking.actions import GroupWish
from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.rules import Stretch
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Words, new_id

TEN = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
"""Thursday, ten o'clock in Shanghai."""
BREAK = {"buffer_after_minutes": 30}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def grace(app: Flask) -> make.ConsultantMade:
    with unit_of_work(now=NOW) as uow:
        return make.consultant(uow, service=BREAK)


@pytest.fixture
def desk(app: Flask) -> Visitor:
    with unit_of_work(now=NOW) as uow:
        return Visitor(app, make.operator(uow, role="support"), english=True)


def own(app: Flask, grace: make.ConsultantMade) -> Visitor:
    return Visitor(app, grace.actor, english=True)


def test_a_consultant_sees_which_session_is_in_the_way_and_whose(app: Flask, grace: make.ConsultantMade) -> None:
    with unit_of_work(now=NOW) as uow:
        booking_id = make.paid_booking(uow, client=make.client(uow), consultant=grace, start=TEN)
    page = own(app, grace).get(f"/pro/hours/why?service={grace.service_id}&at=2026-11-26T11:00")
    said = words(page)
    assert "It is not offered. Below is what is in the way." in said
    assert "Thu 26 Nov, 10:00–11:00 · Ada Confirmed · kept free: 0 min before, 30 min after" in said
    assert f"/sessions/{booking_id}" in page.text
    assert said.count("in the way") == 2, "the heading's and one rule's"
    assert statements(page) <= STATEMENTS_MAX
    assert (
        'href="/en/pro/hours/why?'
        in own(app, grace).get(f"/pro/hours?service={grace.service_id}&at=2026-11-26T11:00").text
    )


def test_who_has_left_is_not_named_and_a_kept_time_names_nobody(app: Flask, grace: make.ConsultantMade) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
        scheduling.hold_time(
            uow, hold_id=new_id(), consultant_id=grace.id, terms=terms_of(catalog.service(uow.db, grace.service_id)), start=TEN,
            expires_at=NOW + timedelta(minutes=30), owner_id=ada.user_id,
        )  # fmt: skip
    said = words(own(app, grace).get("/pro/hours/why?at=2026-11-26T10:00"))
    assert "kept for someone on the waiting list · held until 17:30" in said
    assert "Ada" not in said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-26T10:00", "It is offered"),
        ("2026-11-26T10:30", "the nearest: Thu 26 Nov, 10:00, Thu 26 Nov, 11:00"),
        ("2026-11-26T16:30", "60 minutes from this time on do not lie within."),
        ("2026-11-28T10:00", "Closed on that day of the week."),
        ("2026-11-27T10:00", "This day is closed."),
        ("2026-11-20T10:00", "This time is over."),
        ("2027-03-22T10:00", "A session has to begin before 25 Dec 2026."),
        ("9999-12-31T10:00", "A session has to begin before"),
        ("2026-11-30T10:00", "Group session: Interviews, together"),
        ("2026-12-01T10:00", "Busy then in: Work."),
    ],
)
def test_every_rule_says_what_it_is_about(app: Flask, grace: make.ConsultantMade, at: str, said: str) -> None:
    with unit_of_work(grace.actor, now=NOW) as uow:
        scheduling.set_override(uow, consultant_id=grace.id, day=date(2026, 11, 27), openings=())
        start = TEN + timedelta(days=4)
        wish = GroupWish(Words("Interviews, together"), start, 60, make.PRICE, 3, 1, start - timedelta(hours=2))
        actions.set_group(uow, group_id=new_id(), wish=wish)
        scheduling.add_busy_calendar(
            uow, calendar_id=(name := new_id()), name="Work", address="https://example.com/a.ics"
        )
        busy = Stretch(TEN + timedelta(days=5), TEN + timedelta(days=5, hours=1))
        scheduling.exchange_busy_times(uow, calendar_id=name, times=[busy])
    page = own(app, grace).get(f"/pro/hours/why?service={grace.service_id}&at={at}")
    assert said in words(page)
    assert statements(page) <= STATEMENTS_MAX


def test_nonsense_asks_nothing_and_is_said(app: Flask, grace: make.ConsultantMade, desk: Visitor) -> None:
    for query in ("at=yesterday", "at=0001-01-01T00:00", "service=' OR 1=1&at=x"):
        for page in (
            own(app, grace).get(f"/pro/hours/why?{query}"),
            desk.get(f"/ops/times?consultant={grace.id}&{query}"),
        ):
            assert (page.status_code, "Please choose a day and a time." in words(page)) == (200, True)
    assert desk.get("/ops/times?consultant=nobody").status_code == 404
    assert desk.get(f"/ops/times?consultant={new_id()}").status_code == 404
    assert desk.get(f"/ops/times?consultant={grace.id}&in=Nowhere/At_all&at=2026-11-26T10:00").status_code == 200


def test_the_desk_finds_the_consultant_and_sees_the_booking_on_any_clock(
    app: Flask, grace: make.ConsultantMade, desk: Visitor
) -> None:
    with unit_of_work(now=NOW) as uow:
        booking_id = make.paid_booking(uow, client=make.client(uow), consultant=grace, start=TEN)
        make.consultant(uow, "Gracia")
    assert "Whose time?" in words(desk.get("/ops/times"))
    assert "Nobody’s name holds “Zed”" in words(desk.get("/ops/times?q=Zed"))
    assert {"Grace", "Gracia"} <= set(words(desk.get("/ops/times?q=grac")).split())
    assert desk.get("/ops/times?q=gracia").headers["Location"].startswith("/en/ops/times?consultant=")
    page = desk.get(f"/ops/times?consultant={grace.id}&service={grace.service_id}&at=2026-11-26T02:00&in=Europe/London")
    assert "Thu 26 Nov, 02:00–03:00 · Ada Confirmed" in words(page)
    assert f"/ops/bookings/{booking_id}" in page.text
    assert statements(page) <= STATEMENTS_MAX
    assert f"/ops/times?consultant={grace.id}" in desk.get(f"/ops/bookings/{booking_id}").text


def test_the_desk_is_not_told_what_a_private_calendar_is_called(grace: make.ConsultantMade, desk: Visitor) -> None:
    with unit_of_work(grace.actor, now=NOW) as uow:
        scheduling.add_busy_calendar(
            uow, calendar_id=(name := new_id()), name="Therapy", address="https://example.com/a.ics"
        )
        scheduling.exchange_busy_times(uow, calendar_id=name, times=[Stretch(TEN, TEN + timedelta(hours=1))])
    said = words(desk.get(f"/ops/times?consultant={grace.id}&at=2026-11-26T10:00"))
    assert "busy then, by a calendar kept elsewhere" in said
    assert "Therapy" not in said


def test_the_pages_are_for_those_they_are_for(app: Flask, grace: make.ConsultantMade) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, carl = make.client(uow), make.operator(uow, "Carl", role="content")
    assert Visitor(app, ada).get("/pro/hours/why").status_code == 403
    assert Visitor(app, ada).get("/ops/times").status_code == 403
    assert Visitor(app, carl).get(f"/ops/times?consultant={grace.id}").status_code == 403
    assert Visitor(app).get("/ops/times").status_code in (302, 303, 401)
