"""Busy in another calendar: not offered, not accepted, told to its owner only."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.events.scheduling import BusyCalendarDue
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling import actions, handlers, queries
from zhixun.features.scheduling.actions import SlotTaken, TooManyCalendars
from zhixun.features.scheduling.commands import COMMANDS
from zhixun.features.scheduling.models import BusyCalendar, BusyTime
from zhixun.features.scheduling.ports import BusyCalendars, Source, Unreadable
from zhixun.features.scheduling.rules import Problem, Stretch, terms_of
from zhixun.kernel import personal, services
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id

TEN = datetime(2026, 11, 25, 2, tzinfo=UTC)
"""Wednesday 10:00 in Shanghai."""
HOUR = timedelta(hours=1)
explain = next(one for one in COMMANDS if one.verb == "explain")
ADDRESS = "https://calendar.example.com/secret-9f3.ics"


class Diary:
    """What stands in the calendar elsewhere, or why it cannot be read."""

    def __init__(self) -> None:
        self.times: list[Stretch] = [Stretch(TEN, TEN + HOUR)]
        self.problem: Problem | None = None
        self.asked: list[Source] = []

    def read(self, source: Source, *, from_: datetime, until: datetime) -> list[Stretch]:
        self.asked.append(source)
        if self.problem:
            raise Unreadable(self.problem)
        return self.times


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def diary(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Diary:
    diary = Diary()
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    services.provide(BusyCalendars, diary)
    return diary


@pytest.fixture
def grace(app: Flask) -> make.ConsultantMade:
    with unit_of_work(now=NOW) as uow:
        return make.consultant(uow)


def add(grace: make.ConsultantMade, name: str = "Hospital") -> str:
    calendar_id = new_id()
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.add_busy_calendar(uow, calendar_id=calendar_id, name=name, address=ADDRESS)
    return calendar_id


def sync(calendar_id: str) -> None:
    handlers.read_busy_calendar(BusyCalendarDue(calendar_id=calendar_id))


def terms(grace: make.ConsultantMade):
    with Session() as db:
        return terms_of(catalog.service(db, grace.service_id))


def offered(grace: make.ConsultantMade) -> list[datetime]:
    with Session() as db:
        found = queries.slots(
            db, consultant_id=grace.id, terms=terms(grace), from_=TEN - HOUR, until=TEN + 3 * HOUR, now=NOW
        )
    return [slot.start for slot in found]


def hold(grace: make.ConsultantMade, start: datetime) -> None:
    with unit_of_work(now=NOW) as uow:
        actions.hold_time(
            uow, hold_id=new_id(), consultant_id=grace.id, terms=terms(grace), start=start,
            expires_at=NOW + HOUR, owner_id="ada",
        )  # fmt: skip


def test_a_busy_time_is_neither_offered_nor_accepted_and_nobody_hears_why(
    grace: make.ConsultantMade, diary: Diary
) -> None:
    assert TEN in offered(grace)
    sync(add(grace))
    assert TEN not in offered(grace)
    with pytest.raises(SlotTaken) as refused:
        hold(grace, TEN)
    assert refused.value.extra["reason"] == "taken"
    hold(grace, TEN + HOUR)


def test_what_a_calendar_says_now_takes_the_place_of_all_it_said_before(
    grace: make.ConsultantMade, diary: Diary
) -> None:
    calendar_id = add(grace)
    sync(calendar_id)
    sync(calendar_id)
    diary.times = [Stretch(TEN + HOUR, TEN + 2 * HOUR)]
    sync(calendar_id)
    assert TEN in offered(grace)
    assert TEN + HOUR not in offered(grace)
    diary.problem = Problem.NO_ANSWER
    sync(calendar_id)
    assert TEN + HOUR not in offered(grace), "what was read before stands"


def test_who_removes_a_calendar_is_free_again_and_a_late_reading_changes_nothing(
    grace: make.ConsultantMade, diary: Diary
) -> None:
    calendar_id = add(grace)
    sync(calendar_id)
    with unit_of_work(grace.actor) as uow:
        actions.remove_busy_calendar(uow, calendar_id=calendar_id)
    with unit_of_work() as uow:
        actions.exchange_busy_times(uow, calendar_id=calendar_id, times=diary.times)
    sync(calendar_id)
    assert TEN in offered(grace)


def test_a_calendar_is_fresh_for_two_hours_after_a_whole_reading(grace: make.ConsultantMade, diary: Diary) -> None:
    def fresh(after: timedelta) -> bool:
        with Session() as db:
            return grace.id in queries.calendars_fresh(db, [grace.id], NOW + after)

    assert fresh(timedelta(days=9)), "who has none is always free to promise"
    calendar_id = add(grace)
    assert not fresh(timedelta())
    sync(calendar_id)
    diary.problem = Problem.GONE
    sync(calendar_id)
    assert fresh(timedelta(hours=2))
    assert not fresh(timedelta(hours=2, seconds=1))


def test_the_troubleshooter_names_the_calendar_on_the_page_and_to_the_operator(
    app: Flask, grace: make.ConsultantMade, diary: Diary, capsys: pytest.CaptureFixture[str]
) -> None:
    sync(add(grace))
    page = Visitor(app, grace.actor, english=True).get(f"/pro/hours?service={grace.service_id}&at=2026-11-25T10:00")
    assert "You are busy then in: Hospital." in words(page)
    assert statements(page) <= STATEMENTS_MAX
    asked = argparse.Namespace(consultant=grace.id, service=grace.service_id, at="2026-11-25T02:00:00Z", json=False)
    assert explain.run(asked) == 1
    assert capsys.readouterr().out == "busy_elsewhere Hospital\n"


def test_only_from_and_until_are_kept_and_the_address_is_sealed(grace: make.ConsultantMade, diary: Diary) -> None:
    sync(add(grace))
    assert (diary.asked[0].address, diary.asked[0].zone) == (ADDRESS, "Asia/Shanghai")
    with unit_of_work() as uow:
        assert ADDRESS.encode() not in bytes(uow.db.scalars(select(BusyCalendar.address)).one())
        told = personal.gather(uow.db, grace.id)
        assert told["scheduling_busy_calendars"][0]["address"] == ADDRESS
        assert set(told["scheduling_busy_times"][0]) == {"calendar_id", "consultant_id", "starts_at", "ends_at"}
        personal.erase(uow, grace.id)
        assert uow.db.scalars(select(BusyTime)).all() == uow.db.scalars(select(BusyCalendar)).all() == []


def test_a_calendar_is_its_owners_and_there_are_five_at_most(grace: make.ConsultantMade, diary: Diary) -> None:
    first = add(grace)
    with unit_of_work(now=NOW) as uow:
        hopper = make.consultant(uow, "Hopper")
    for deed in (actions.remove_busy_calendar, actions.read_busy_calendar_now):
        with pytest.raises(NotFound), unit_of_work(hopper.actor) as uow:
            deed(uow, calendar_id=first)
    for name in "bcde":
        add(grace, name)
    with pytest.raises(TooManyCalendars):
        add(grace, "f")


@pytest.mark.parametrize(
    "address",
    ["", "ftp://example.com/a.ics", "https://", "https://me:secret@example.com/", "http://10.0.0.1/a.ics", "http://[::1]/", "https://nas.local/a"],
)  # fmt: skip
def test_an_address_we_would_not_read_is_refused(grace: make.ConsultantMade, address: str) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work(grace.actor) as uow:
        actions.add_busy_calendar(uow, calendar_id=new_id(), name="Work", address=address)
    assert "address" in refused.value.fields


def test_the_page_tells_how_old_the_calendar_is_and_what_went_wrong(
    app: Flask, grace: make.ConsultantMade, diary: Diary, clock: time_machine.Traveller
) -> None:
    browser = Visitor(app, grace.actor, english=True)
    assert "None yet." in words(browser.get("/pro/calendars"))
    refused = browser.post("/pro/calendars", name="Hospital", address="nowhere")
    assert (refused.status_code, 'value="nowhere"' in refused.text) == (400, True)
    calendar_id = new_id()
    for _ in range(2):
        browser.post("/pro/calendars", calendar_id=calendar_id, name="Hospital", address=ADDRESS)
    assert "Being read for the first time" in words(browser.get("/pro/calendars"))
    sync(calendar_id)
    clock.shift(timedelta(minutes=5))
    page = browser.get("/pro/calendars")
    assert "Read 5 minutes ago" in words(page)
    assert "1 busy time" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    diary.problem = Problem.SECRET
    clock.shift(timedelta(hours=3))
    sync(calendar_id)
    said = words(browser.get("/pro/calendars"))
    assert "asks for a sign-in" in said
    assert "nobody can book you at once" in said
    assert browser.post(f"/pro/calendars/{calendar_id}/removal").status_code == 303
    assert "None yet." in words(browser.get("/pro/calendars"))
