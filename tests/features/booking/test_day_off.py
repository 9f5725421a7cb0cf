"""I cannot work today: figures first, then each session is called off by itself, once, and to the end."""

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
from zhixun.events.booking import BookingCancelled, DaysCalledOff
from zhixun.features.booking import actions, handlers, jobs, queries
from zhixun.features.booking.actions import MoreStandsThere
from zhixun.features.booking.rules import DAYS_OFF_MAX, State
from zhixun.features.catalog import actions as catalog
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_of
from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, new_id

HOUR = timedelta(hours=1)
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)
LATER = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
"""The day after tomorrow, 09:00 in Shanghai."""


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def day(db_url: str) -> tuple[make.ConsultantMade, dict[str, str]]:
    """Grace's tomorrow: a session, a request and an unpaid hold; and a session the day after."""
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        asked = make.add_service(uow, grace.id)
        catalog.ask_first(make.acting(uow, grace.actor), service_id=asked, on_request=True)
        uow.db.flush()
        first = make.slot(uow, grace)
        made = {
            "session": make.paid_booking(uow, client=ada, consultant=grace, start=first),
            "held": make.held_booking(uow, client=ada, consultant=grace, start=first + HOUR),
            "later": make.paid_booking(uow, client=ada, consultant=grace, start=LATER),
        }
        on_request = make.ConsultantMade(grace.actor, asked, grace.slug)
        made["request"] = make.paid_booking(uow, client=ada, consultant=on_request, start=first + 2 * HOUR)
    return grace, made


def call_off(grace, *, until=TOMORROW, days_off_id=None, seen=""):
    with unit_of_work(grace.actor, now=NOW) as uow:
        actions.call_off_days(uow, days_off_id=days_off_id or new_id(), until=until, seen=seen)
        return [fact for fact in uow.facts if isinstance(fact, DaysCalledOff)]


def go_on():
    """What the clock asks for, and what hears it."""
    with Session() as db:
        waiting = queries.days_off_open(db)
    jobs.call_off()
    for days_off_id, consultant_id in waiting:
        handlers.call_off(DaysCalledOff(days_off_id=days_off_id, consultant_id=consultant_id))


def states(made):
    with Session() as db:
        return {name: queries.booking(db, one, SYSTEM, NOW).state for name, one in made.items()}


def escrow(made):
    with Session() as db:
        assert ledger.verify(db).holds
        return {name: ledger.balance(db, escrow_of(one)).amount_minor for name, one in made.items()}


def test_everything_of_these_days_is_called_off_and_the_days_are_closed(day):
    grace, made = day
    [fact] = call_off(grace)
    assert states(made)["session"] is State.CONFIRMED, "each is a decision of its own, after this one"
    for _ in range(2):
        handlers.call_off(fact)
    assert states(made) == {
        "session": State.CANCELLED, "held": State.CANCELLED, "request": State.CANCELLED, "later": State.CONFIRMED,
    }  # fmt: skip
    assert escrow(made) == {"session": 0, "held": 0, "request": 0, "later": 48_000}
    with Session() as db:
        assert queries.booking(db, made["session"], SYSTEM, NOW).ended_reason == "consultant"
        assert scheduling.overrides_of(db, grace.id, from_=TODAY) == {TODAY: (), TOMORROW: ()}
        assert queries.days_off_open(db) == []
        steps = queries.timeline(db, made["session"])
        assert steps[-1].by == grace.id


def test_the_clients_are_told_as_of_a_cancellation_by_the_consultant(day, monkeypatch):
    grace, made = day
    call_off(grace)
    told = []
    monkeypatch.setattr("zhixun.kernel.outbox.store", lambda db, facts: told.extend(facts))
    go_on()
    cancelled = [one for one in told if isinstance(one, BookingCancelled)]
    assert {one.booking_id for one in cancelled} == {made["session"], made["held"], made["request"]}
    assert {one.reason for one in cancelled} == {"consultant"}


def test_pressed_twice_it_is_done_once(day):
    grace, made = day
    name = new_id()
    assert len(call_off(grace, days_off_id=name)) == 1
    assert call_off(grace, days_off_id=name) == []
    go_on()
    call_off(grace)
    go_on()
    assert escrow(made)["session"] == 0
    with Session() as db:
        assert queries.days_off_open(db) == []


def test_one_that_fails_keeps_no_other_back_and_the_clock_goes_on(day, monkeypatch):
    grace, made = day
    call_off(grace)
    whole = actions.call_off_booking

    def failing(uow, *, booking_id):
        if booking_id == made["session"]:
            raise RuntimeError("the disk is full")
        return whole(uow, booking_id=booking_id)

    monkeypatch.setattr(actions, "call_off_booking", failing)
    go_on()
    assert (states(made)["session"], states(made)["request"]) == (State.CONFIRMED, State.CANCELLED)
    with Session() as db:
        assert len(queries.days_off_open(db)) == 1
    monkeypatch.setattr(actions, "call_off_booking", whole)
    go_on()
    assert states(made)["session"] is State.CANCELLED
    with Session() as db:
        assert queries.days_off_open(db) == []


def test_what_has_begun_goes_on(day):
    grace, made = day
    with Session() as db:
        start = queries.booking(db, made["session"], SYSTEM, NOW).starts_at
    with unit_of_work(grace.actor, now=start) as uow:
        assert not actions.call_off_booking(uow, booking_id=made["session"])
        assert queries.standing(uow.db, grace.id, until=start + 30 * HOUR, now=start).views != ()
    assert states(made)["session"] is State.CONFIRMED


def test_a_day_that_makes_no_sense_is_refused_and_nothing_is_closed(day):
    grace, made = day
    for until in (TODAY - timedelta(days=1), TODAY + timedelta(days=DAYS_OFF_MAX)):
        with pytest.raises(Invalid):
            call_off(grace, until=until)
    with pytest.raises(Invalid):
        call_off(grace, days_off_id="nonsense")
    with pytest.raises(MoreStandsThere):
        call_off(grace, seen="7-none")
    with unit_of_work(now=NOW) as uow:
        ida, bob = make.consultant(uow, "Ida"), make.client(uow, "Bob")
    name = new_id()
    call_off(ida, days_off_id=name)
    with pytest.raises(NotFound):
        call_off(grace, days_off_id=name)
    with pytest.raises(NotFound), unit_of_work(bob, now=NOW) as uow:
        actions.call_off_days(uow, days_off_id=new_id(), until=TODAY)
    with Session() as db:
        assert scheduling.overrides_of(db, grace.id, from_=TODAY) == {}
    assert states(made)["session"] is State.CONFIRMED


def test_the_page_says_in_figures_what_happens_and_then_it_does(db_url: str, tmp_path: Path, day: tuple) -> None:
    app: Flask = house(db_url, tmp_path)
    grace, made = day
    mine = Visitor(app, grace.actor, english=True)
    assert "I cannot work today" in words(mine.get("/pro"))
    today = mine.get("/pro/day-off")
    assert "Nothing is booked: only the days are closed." in words(today)
    page = mine.get(f"/pro/day-off?until={TOMORROW}")
    assert "Sessions that are cancelled 2" in words(page)
    assert "Your clients get back ¥960.00" in words(page)
    assert "held, not yet paid" in words(page)
    assert "Cancel 2 sessions and close" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    for until in ("2026-11-01", "nonsense", "9999-12-31"):
        wrong = mine.get(f"/pro/day-off?until={until}")
        assert (wrong.status_code, "Please choose" in words(wrong)) == (400, True)
    name = new_id()
    stale = mine.post("/pro/day-off", days_off_id=name, until=str(TOMORROW), seen="1-none")
    assert (stale.status_code, "Please look again" in words(stale)) == (409, True)
    with Session() as db:
        seen = queries.standing(db, grace.id, until=LATER - 9 * HOUR, now=NOW).mark
    for _ in range(2):
        done = mine.post("/pro/day-off", days_off_id=name, until=str(TOMORROW), seen=seen)
        assert "The days are closed." in words(mine.follow(done))
    go_on()
    assert states(made)["session"] is State.CANCELLED
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
    assert Visitor(app, bob).get("/pro/day-off").status_code == 403
