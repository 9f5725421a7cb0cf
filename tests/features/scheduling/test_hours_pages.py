"""A consultant's hours: typed without a script, kept when they make no sense, and what clients see of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling import queries
from zhixun.features.scheduling.forms import read_hours
from zhixun.features.scheduling.rules import WeeklyHours
from zhixun.kernel.errors import Invalid
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

ZONE = "Asia/Shanghai"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def grace(app: Flask) -> make.ConsultantMade:
    with unit_of_work(now=NOW) as uow:
        return make.consultant(uow)


@pytest.fixture
def browser(app: Flask, grace: make.ConsultantMade) -> Visitor:
    return Visitor(app, grace.actor, english=True)


def week(grace: make.ConsultantMade) -> tuple[WeeklyHours, ...]:
    with Session() as db:
        return queries.hours_of(db, grace.id)


def row(day: str, number: int, start: str, end: str) -> dict[str, str]:
    return {f"{day}-{number}-start": start, f"{day}-{number}-end": end}


def test_the_page_shows_the_week_and_the_two_weeks_that_come_of_it(browser: Visitor) -> None:
    page = browser.get("/pro/hours")
    said = words(page)
    assert page.status_code == 200
    assert 'name="MO-0-start" value="09:00"' in page.text
    assert 'name="MO-1-start" value=""' in page.text
    assert "Wed 25 Nov 09:00–17:00" in said
    assert said.count("one can start every 60 minutes") == 1
    assert "Sat 28 Nov closed" in said
    assert "Tue 24 Nov nothing left" in said
    assert statements(page) <= STATEMENTS_MAX


def test_a_booking_cuts_a_stretch_in_two_and_midnight_ends_one(
    app: Flask, grace: make.ConsultantMade, browser: Visitor
) -> None:
    with unit_of_work(now=NOW) as uow:
        at = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
        make.paid_booking(uow, client=make.client(uow), consultant=grace, start=at)
    assert "Wed 25 Nov 09:00–12:00 13:00–17:00" in words(browser.get("/pro/hours"))
    browser.post("/pro/hours", zone=ZONE, **row("TH", 0, "22:00", "01:00"))
    assert "Thu 26 Nov 22:00–24:00 Fri 27 Nov 00:00–01:00" in words(browser.get("/pro/hours"))


def test_the_two_weeks_are_shown_on_a_clients_clock_too_with_their_weekday_where_it_is_another(
    browser: Visitor,
) -> None:
    page = browser.get("/pro/hours?in=America/New_York")
    said = words(page)
    assert "→ Tue 20:00–Wed 04:00" in said, "the day changes at their midnight"
    assert 'value="America/New_York" selected' in page.text
    assert "clock goes" not in said
    assert statements(page) <= STATEMENTS_MAX
    for unknown in ("Nowhere/At_All", "Asia/Shanghai", "x" * 500):
        assert "→" not in words(browser.get(f"/pro/hours?in={unknown}"))


@pytest.mark.parametrize(
    ("now", "mine", "client", "said"),
    [
        ("2027-03-20", "Europe/Berlin", "", "Sun 28 Mar Your clock goes forward by 60 minutes."),
        ("2027-10-25", "Europe/Berlin", "", "Sun 31 Oct Your clock goes back by 60 minutes."),
        ("2027-03-30", "Australia/Lord_Howe", "", "Sun 4 Apr Your clock goes back by 30 minutes."),
        (
            "2027-03-20",
            "Asia/Shanghai",
            "Antarctica/Troll",
            "Sun 28 Mar The client’s clock goes forward by 120 minutes.",
        ),
    ],
)
def test_the_days_on_which_a_clock_is_changed_are_marked(
    app: Flask, grace: make.ConsultantMade, clock: time_machine.Traveller, now: str, mine: str, client: str, said: str
) -> None:
    clock.move_to(datetime.fromisoformat(f"{now}T12:00:00Z"))
    browser = Visitor(app, grace.actor, english=True)
    browser.post("/pro/hours", zone=mine, preset="office")
    shown = words(browser.get(f"/pro/hours?in={client}"))
    assert said in shown
    assert shown.count("clock goes") == 1


def test_a_week_is_replaced_by_what_was_typed(browser: Visitor, grace: make.ConsultantMade) -> None:
    typed = row("MO", 0, "10:00", "12:00") | row("MO", 1, "20:00", "00:00") | row("TU", 0, "10:00", "12:00")
    answer = browser.post("/pro/hours", zone="Europe/Berlin", **typed, **row("SU", 0, "", ""))
    assert answer.status_code == 303
    assert week(grace) == (WeeklyHours(("MO", "TU"), "10:00", "12:00"), WeeklyHours(("MO",), "20:00", "24:00"))
    with Session() as db:
        assert queries.zone_of(db, grace.id) == "Europe/Berlin"
    assert 'name="MO-1-end" value="00:00"' in browser.get("/pro/hours").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (row("MO", 0, "10:00", ""), "both its start and its end"),
        (row("MO", 0, "10:00", "10:00"), "ends at another time"),
        (row("MO", 0, "10:00", "12:00") | row("MO", 1, "11:00", "13:00"), "overlap"),
        (row("MO", 0, "10:00", "12:00") | row("MO", 1, "22:00", "02:00") | row("MO", 2, "23:00", "23:30"), "overlap"),
        (row("MO", 0, "ten", "12:00"), "A time looks like 09:30"),
    ],
)
def test_hours_that_make_no_sense_are_refused_and_what_was_typed_stays(
    browser: Visitor, grace: make.ConsultantMade, typed: dict[str, str], said: str
) -> None:
    answer = browser.post("/pro/hours", zone=ZONE, **typed)
    assert (answer.status_code, said in words(answer)) == (400, True)
    assert f'name="MO-0-start" value="{typed["MO-0-start"]}"' in answer.text
    assert week(grace) == make.OFFICE_HOURS


def test_a_zone_nobody_knows_changes_nothing(browser: Visitor, grace: make.ConsultantMade) -> None:
    assert browser.post("/pro/hours", zone="Mars/Olympus", **row("MO", 0, "10:00", "12:00")).status_code == 400
    assert week(grace) == make.OFFICE_HOURS


def test_who_has_no_hours_begins_with_a_preset(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        nova = make.consultant(uow, "Nova", hours=())
    browser = Visitor(app, nova.actor, english=True)
    assert "nobody can book you" in words(browser.get("/pro/hours"))
    browser.post("/pro/hours", zone=ZONE, preset="evenings")
    assert week(nova) == (WeeklyHours(make.WEEKDAYS, "19:00", "22:00"),)


def test_days_off_and_days_with_their_own_hours_come_and_go(browser: Visitor, grace: make.ConsultantMade) -> None:
    browser.post("/pro/hours/days", first="2026-11-25", last="2026-11-27", kind="closed")
    browser.post("/pro/hours/days", first="2026-11-28", kind="open", start="14:00", end="16:00")
    said = words(browser.get("/pro/hours"))
    assert "Wed 25 Nov closed by you" in said
    assert "Sat 28 Nov 14:00–16:00" in said
    browser.post("/pro/hours/days", remove="2026-11-25")
    with Session() as db:
        left = queries.overrides_of(db, grace.id, from_=date(2026, 11, 24))
    assert left == {date(2026, 11, 26): (), date(2026, 11, 27): (), date(2026, 11, 28): (("14:00", "16:00"),)}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"first": ""}, "first"),
        ({"first": "2026-11-23"}, "first"),
        ({"first": "2026-11-26", "last": "2026-11-25"}, "last"),
        ({"first": "2026-11-26", "last": "2027-11-26"}, "last"),
        ({"first": "2026-11-26", "kind": "open", "start": "14:00"}, "start"),
    ],
)
def test_a_day_that_makes_no_sense_is_refused(browser: Visitor, typed: dict[str, str], field: str) -> None:
    answer = browser.post("/pro/hours/days", **typed)
    assert answer.status_code == 400
    assert f'id="{field}-said"' in answer.text


def test_notice_and_breaks_are_asked_of_every_service(browser: Visitor, grace: make.ConsultantMade) -> None:
    assert browser.post("/pro/hours/timing", notice="24", before="10", after="15").status_code == 303
    with Session() as db:
        service = catalog.service(db, grace.service_id)
    assert (service.notice_minutes, service.buffer_before_minutes, service.buffer_after_minutes) == (1_440, 10, 15)
    assert "Wed 25 Nov nothing left" in words(browser.get("/pro/hours"))
    for wrong in ({"notice": "soon"}, {"notice": "999999"}, {"before": "-1"}, {"after": "300"}):
        answer = browser.post("/pro/hours/timing", **({"notice": "1", "before": "0", "after": "0"} | wrong))
        assert answer.status_code == 400
    with Session() as db:
        assert catalog.service(db, grace.service_id).notice_minutes == 1_440


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-25T10:00", "It is offered"),
        ("2026-11-25T10:30", "start at other minutes"),
        ("2026-11-25T20:00", "outside your hours"),
        ("2026-11-26T10:00", "booked, held"),
        ("2026-11-27T10:00", "You have closed this day"),
        ("2026-11-20T10:00", "This time is over"),
        ("2027-09-20T10:00", "further ahead"),
    ],
)
def test_the_page_says_why_a_time_is_not_offered(app: Flask, browser: Visitor, grace, at: str, said: str) -> None:
    with unit_of_work(now=NOW) as uow:
        make.paid_booking(
            uow, client=make.client(uow), consultant=grace, start=datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
        )
    browser.post("/pro/hours/days", first="2026-11-27")
    page = browser.get(f"/pro/hours?at={at}&service={grace.service_id}")
    assert said in words(page)


def test_nonsense_in_the_address_is_as_if_nothing_was_asked(browser: Visitor) -> None:
    for query in ("at=yesterday", "at=0001-01-01T00:00", "service=' OR 1=1"):
        assert browser.get(f"/pro/hours?{query}").status_code == 200


def test_the_page_is_a_consultants(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    for path in ("/pro/hours", "/pro/hours/days", "/pro/hours/timing"):
        answer = Visitor(app, ada).post(path) if path != "/pro/hours" else Visitor(app, ada).get(path)
        assert answer.status_code in (403, 404)


def test_a_week_has_at_most_four_openings_a_day() -> None:
    with pytest.raises(Invalid):
        read_hours({"MO-0-start": "10:00"})
    assert read_hours({}) == []
