"""A consultant's calendar on a real CalDAV server and their hours here, with every fact delivered as the worker does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from icalendar import Calendar

from tests import make
from tests.make import NOW
from tests.radicale import GRACE, Server, entry, running
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions as bookings
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling import actions, jobs, queries
from zhixun.features.scheduling.actions import SlotTaken
from zhixun.features.scheduling.rules import Login, Problem, terms_of
from zhixun.kernel import outbox, personal
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id

HOUR = timedelta(hours=1)
TEN = datetime(2026, 11, 25, 2, tzinfo=UTC)
"""Wednesday 10:00 in Shanghai."""


@dataclass
class Scene:
    app: Flask
    server: Server
    grace: make.ConsultantMade
    deliver: Callable[[], None]

    def add(self, **changed: object) -> str:
        """The consultant adds her calendar on the page; returns its id."""
        calendar_id = new_id()
        form = {
            "kind": "caldav", "name": "Diary", "address": self.server.diary, "user_name": GRACE.user_name,
            "password": GRACE.password, "writes": "yes", "calendar_id": calendar_id,
        }  # fmt: skip
        answer = self.grace_browser.post("/pro/calendars", **(form | changed))
        assert answer.status_code == 303, words(answer)
        self.deliver()
        return calendar_id

    @property
    def grace_browser(self) -> Visitor:
        return Visitor(self.app, self.grace.actor, english=True)

    def sync(self) -> None:
        jobs.read_busy_calendars()
        self.deliver()

    def book(self, start: datetime) -> str:
        with unit_of_work() as uow:
            booking_id = make.paid_booking(uow, client=make.client(uow), consultant=self.grace, start=start)
        self.deliver()
        return booking_id

    def offered(self, start: datetime) -> bool:
        with Session() as db:
            terms = terms_of(catalog.service(db, self.grace.service_id))
            found = queries.slots(
                db, consultant_id=self.grace.id, terms=terms, from_=start, until=start + HOUR, now=NOW
            )
        return start in [slot.start for slot in found]

    def there(self) -> dict[str, datetime]:
        """UID → start of everything that stands in her calendar."""
        events = [Calendar.from_ical(text).walk("VEVENT")[0] for text in self.server.entries().values()]
        return {str(event["UID"]): event["DTSTART"].dt for event in events}

    def said(self) -> str:
        return words(self.grace_browser.get("/pro/calendars"))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW) as clock:
        yield clock


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def scene(
    db_url: str, tmp_path: Path, server: Server, deliver_all: Callable[[], None], clock: time_machine.Traveller
) -> Iterator[Scene]:
    app = house(db_url, tmp_path)
    with unit_of_work(now=NOW) as uow:
        grace = make.consultant(uow)
    yield Scene(app, server.at(server.make_calendar(new_id())), grace, deliver_all)
    outbox.forget_all()


def test_busy_there_is_not_free_here_and_booked_here_stands_there(scene: Scene) -> None:
    scene.server.put("dentist", entry("dentist", "DTSTART:20261125T020000Z", "DURATION:PT1H"))
    scene.server.put("reading", entry("r", "DTSTART:20261125T030000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"))
    scene.server.put("off", entry("o", "DTSTART:20261125T040000Z", "DURATION:PT1H", "STATUS:CANCELLED"))
    scene.add()
    assert [scene.offered(TEN + n * HOUR) for n in range(3)] == [False, True, True]
    booking_id = scene.book(TEN + HOUR)
    assert scene.there()[f"{booking_id}@zhixun"] == TEN + HOUR
    text = scene.server.entries()[f"{booking_id}.ics"]
    assert "Ada" not in text, "who the client is stays in the house"
    assert f"/sessions/{booking_id}" in text.replace("\r\n ", "")
    assert "METHOD" not in text


def test_a_session_that_moves_moves_there_and_one_that_is_cancelled_goes(scene: Scene) -> None:
    scene.add()
    booking_id = scene.book(TEN)
    with unit_of_work(scene.grace.actor) as uow:
        bookings.reschedule_booking(uow, booking_id=booking_id, start=TEN + 2 * HOUR)
    scene.deliver()
    assert scene.there() == {f"{booking_id}@zhixun": TEN + 2 * HOUR}
    with unit_of_work(scene.grace.actor) as uow:
        bookings.cancel_booking(uow, booking_id=booking_id)
    scene.deliver()
    assert scene.there() == {}


def test_what_we_put_there_does_not_block_ourselves(scene: Scene) -> None:
    scene.add()
    booking_id = scene.book(TEN)
    scene.sync()
    assert "0 busy times" in scene.said()
    with unit_of_work(scene.grace.actor) as uow:
        bookings.reschedule_booking(uow, booking_id=booking_id, start=TEN + HOUR)
    assert scene.offered(TEN), "before anybody has told the calendar"
    scene.server.put(booking_id, entry(f"{booking_id}@zhixun", "DTSTART:20261126T020000Z", "DURATION:PT1H"))
    scene.sync()
    assert scene.offered(TEN + 24 * HOUR), "moved by hand there: here nothing moves, and nothing is kept"


def test_sessions_agreed_before_are_put_there_when_writing_is_chosen_and_not_before(scene: Scene) -> None:
    booking_id, cancelled = scene.book(TEN), scene.book(TEN + HOUR)
    with unit_of_work(scene.grace.actor) as uow:
        bookings.cancel_booking(uow, booking_id=cancelled)
    calendar_id = scene.add(writes="")
    assert scene.there() == {}
    for _ in range(2):
        scene.grace_browser.post(f"/pro/calendars/{calendar_id}/writing", wanted="yes")
        scene.deliver()
    assert scene.there() == {f"{booking_id}@zhixun": TEN}
    assert "Your sessions are put into it." in scene.said()
    scene.grace_browser.post(f"/pro/calendars/{calendar_id}/writing", wanted="no")
    scene.book(TEN + 2 * HOUR)
    assert list(scene.there()) == [f"{booking_id}@zhixun"], "what stands there stays, and no more comes"


def test_a_wrong_password_is_said_and_nothing_is_half_done_until_it_is_right(scene: Scene) -> None:
    scene.server.put("dentist", entry("dentist", "DTSTART:20261125T020000Z", "DURATION:PT1H"))
    calendar_id = scene.add(password="wrong")
    booking_id = scene.book(TEN + HOUR)
    assert scene.offered(TEN)
    assert "password were not accepted there" in scene.said()
    assert "could not be put into it" in scene.said()
    refused = scene.grace_browser.post(f"/pro/calendars/{calendar_id}/login", user_name="a:b", password="")
    assert (refused.status_code, "without a colon" in words(refused), 'value="a:b"' in refused.text) == (
        400,
        True,
        True,
    )
    scene.grace_browser.post(f"/pro/calendars/{calendar_id}/login", user_name=GRACE.user_name, password=GRACE.password)
    scene.deliver()
    assert not scene.offered(TEN)
    assert f"{booking_id}@zhixun" in scene.there()
    assert "not accepted" not in scene.said()


def test_what_could_not_be_put_there_is_made_up_for_with_the_next_reading(scene: Scene) -> None:
    calendar_id = scene.add()
    booking_id = scene.book(TEN)
    scene.server.delete(booking_id)
    with unit_of_work() as uow:
        actions.note_unwritable(uow, calendar_id=calendar_id, problem=Problem.NO_ANSWER)
    assert "Nobody answered there" in scene.said()
    scene.sync()
    assert f"{booking_id}@zhixun" in scene.there()
    assert "Nobody answered there" not in scene.said()


def test_the_age_of_what_is_known_is_shown_and_the_page_is_cheap(scene: Scene, clock: time_machine.Traveller) -> None:
    scene.add()
    clock.shift(timedelta(minutes=7))
    page = scene.grace_browser.get("/pro/calendars")
    assert "Read 7 minutes ago" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    assert GRACE.password not in page.text


def test_a_login_that_makes_no_sense_is_refused_and_what_was_typed_is_kept(scene: Scene) -> None:
    good = {"kind": "caldav", "name": "Diary", "address": scene.server.diary, "user_name": "grace", "password": "x y z"}
    for field, bad in (
        ("address", "ftp://example.com/"), ("address", "webcal://example.com/a"), ("user_name", ""),
        ("user_name", "a:b"), ("user_name", "x" * 255), ("password", ""), ("password", "x" * 201), ("password", "a\nb"),
    ):  # fmt: skip
        refused = scene.grace_browser.post("/pro/calendars", **(good | {field: bad}))
        assert refused.status_code == 400
        assert f'href="#{field}"' in refused.text
        assert 'value="Diary"' in refused.text
        assert "x y z" not in refused.text


def test_a_password_goes_over_tls_only_where_the_house_speaks_to_the_public_net(scene: Scene) -> None:
    scene.app.config["PRIVATE_WEBHOOKS"] = False
    form = {"kind": "caldav", "name": "Diary", "user_name": "grace", "password": "secret"}
    for address in ("http://example.com/dav/", scene.server.diary, "https://10.0.0.1/dav/"):
        assert scene.grace_browser.post("/pro/calendars", address=address, **form).status_code == 400


def test_a_login_is_its_owners_kept_sealed_never_handed_over_and_erased(scene: Scene) -> None:
    calendar_id = scene.add()
    with unit_of_work() as uow:
        row = uow.db.connection().exec_driver_sql("SELECT user_name, secret FROM scheduling_busy_calendars").one()
        assert GRACE.password.encode() not in bytes(row.secret)
        told = personal.gather(uow.db, scene.grace.id)["scheduling_busy_calendars"][0]
        assert (told["user_name"], "secret" in told) == (GRACE.user_name, False)
        hopper = make.consultant(uow, "Hopper")
    with pytest.raises(NotFound), unit_of_work(hopper.actor) as uow:
        actions.change_login(uow, calendar_id=calendar_id, login=Login("a", "b"))
    with pytest.raises(NotFound), unit_of_work(hopper.actor) as uow:
        actions.choose_writing(uow, calendar_id=calendar_id, wanted=False)
    with unit_of_work() as uow:
        personal.erase(uow, scene.grace.id)
    with Session() as db:
        assert queries.source_of(db, calendar_id, NOW) is None


def test_two_who_want_the_same_time_are_told_apart_by_the_calendar_too(scene: Scene) -> None:
    scene.server.put("dentist", entry("dentist", "DTSTART:20261125T020000Z", "DURATION:PT1H"))
    scene.add()
    with pytest.raises(SlotTaken), unit_of_work() as uow:
        make.held_booking(uow, client=make.client(uow), consultant=scene.grace, start=TEN)
