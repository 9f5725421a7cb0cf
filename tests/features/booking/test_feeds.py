"""A calendar for other programs: who knows its address reads it, and nobody else; a new address ends the old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from icalendar import Calendar

from tests import make
from tests.conftest import KEYS
from tests.make import NOW
from tests.visitor import Visitor, house
from zhixun.app import create_app
from zhixun.features.accounts import actions as accounts
from zhixun.features.booking import actions
from zhixun.features.booking.queries import Entry, calendar_text
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.settings import Settings
from zhixun.web.security import COOKIE

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
OTHER = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def address(browser: Visitor) -> str:
    page = browser.follow(browser.post("/me/calendar"))
    return urlsplit(page.text.split('readonly value="')[1].split('"')[0]).path


def test_who_subscribes_has_every_session_and_its_moves(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=START)
        make.held_booking(uow, client=ada, consultant=grace, start=START + timedelta(hours=2))
    browser, anybody = Visitor(app, ada), Visitor(app)
    where = address(browser)
    file = anybody.get(where)
    assert (file.status_code, file.mimetype) == (200, "text/calendar")
    [event] = Calendar.from_ical(file.data).walk("VEVENT")
    assert (str(event["UID"]), event["SEQUENCE"], event["DTSTART"].dt) == (f"{booking_id}@zhixun", 0, START)
    assert str(event["SUMMARY"]) == "一小时咨询 · Grace"
    assert anybody._http.get(where, headers={"If-None-Match": file.headers["ETag"]}).status_code == 304
    with unit_of_work(ada, now=NOW) as uow:
        actions.reschedule_booking(uow, booking_id=booking_id, start=OTHER)
    [moved] = Calendar.from_ical(anybody.get(where).data).walk("VEVENT")
    assert (str(moved["UID"]), moved["SEQUENCE"], moved["DTSTART"].dt) == (f"{booking_id}@zhixun", 1, OTHER)
    with unit_of_work(ada, now=NOW) as uow:
        actions.cancel_booking(uow, booking_id=booking_id)
    assert not Calendar.from_ical(anybody.get(where).data).walk("VEVENT")


def test_the_consultants_calendar_names_the_client_and_what_they_wrote_stays_out(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow, language="en")
        make.paid_booking(uow, client=ada, consultant=grace, start=START, brief="My secret")
    file = Visitor(app).get(address(Visitor(app, grace.actor)))
    [event] = Calendar.from_ical(file.data).walk("VEVENT")
    assert str(event["SUMMARY"]) == "One hour · Ada"
    assert "secret" not in file.text


def test_a_new_address_ends_the_old_one_and_none_ends_both(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    browser, anybody = Visitor(app, ada), Visitor(app)
    old = address(browser)
    new = address(browser)
    assert old != new
    assert (anybody.get(old).status_code, anybody.get(new).status_code) == (404, 200)
    assert "readonly value" not in browser.follow(browser.post("/me/calendar", wanted="none")).text
    assert anybody.get(new).status_code == 404


def test_an_address_that_was_guessed_or_bent_is_not_found(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    where = address(Visitor(app, ada))
    for wrong in (
        "/calendar/x.ics",
        f"/calendar/{ada.user_id}.ics",
        where.replace(".ics", "x.ics"),
        where[:-8] + ".ics",
    ):
        assert Visitor(app).get(wrong).status_code == 404
    assert Visitor(app).get("/me/calendar").status_code in (302, 303)


def test_addresses_to_copy_are_under_the_houses_own_name_whatever_the_asker_calls_it(
    db_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        keys=KEYS, data_dir=tmp_path, secret_key="for tests only", rate_limits=False, public_url="http://zhixun.example.com"
    )  # fmt: skip
    app = create_app(settings, db_url)
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        made = make.held_booking(uow, client=ada, consultant=grace)
        token = accounts.sign_in(uow, user_id=ada.user_id, kind="api").token
    asked = app.test_client().get(
        f"/api/v1/bookings/{made}", headers={"Authorization": f"Bearer {token}", "Host": "evil.example.org"}
    )
    assert "evil" not in asked.text
    browser = Visitor(app, ada)
    browser.post("/me/calendar")
    held = browser._http.get_cookie(COOKIE)
    assert held is not None
    headers = {"Host": "evil.example.org", "Cookie": f"{COOKIE}={held.value}"}
    page = app.test_client(use_cookies=False).get("/me/calendar", headers=headers)
    assert "http://zhixun.example.com/calendar/" in page.text
    assert "webcal://zhixun.example.com/calendar/" in page.text
    assert "evil" not in page.text


def test_an_invitation_has_its_method_and_a_cancellation_a_higher_sequence() -> None:
    entry = Entry(
        "b" * 32, 2, START, START + timedelta(hours=1), "Title", "https://x/s", cancelled=True,
        organizer="house@x.org", attendee="ada@x.org",
    )  # fmt: skip
    read = Calendar.from_ical(calendar_text([entry], now=NOW, method="CANCEL"))
    [event] = read.walk("VEVENT")
    assert (str(read["METHOD"]), str(event["STATUS"]), event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 2)
    assert (str(event["ORGANIZER"]), str(event["ATTENDEE"])) == ("mailto:house@x.org", "mailto:ada@x.org")
    assert not event.walk("VALARM")
