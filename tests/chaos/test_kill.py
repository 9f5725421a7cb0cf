"""kill -9 at random moments, of the application and of PostgreSQL, while people book and pay: single sessions, series and seats
of a group; and while they ask whoever is there and take it back, unless a consultant answers before.

CHAOS_KILLS says how many times (default a few, for every run of the tests; `make chaos` does fifty).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.chaos.crowd import SESSIONS, Client, Host, Person, Told
from tests.house import House
from zhixun.adapters.database import opened

KILLS = int(os.environ.get("CHAOS_KILLS", "3"))
PEOPLE, HOSTS = 6, 6
MANY = 20
DRAIN_SECONDS_MAX = 120
PAID_CALL = ("ringing", "answered", "unanswered", "withdrawn")


@pytest.fixture
def house(open_path: Path) -> Iterator[House]:
    found = House(open_path / "var")
    found.run("sample", "--consultants", "12", "--clients", "2", "--days", "1", "--seed", "7")
    found.start()
    yield found
    found.stop()


@pytest.mark.timeout(300 + 40 * KILLS)
@pytest.mark.parametrize("victim", ["application", "database"])
def test_nothing_acknowledged_is_lost_when_it_is_killed(house: House, victim: str) -> None:
    told = _under_load(house, lambda: _kill(house, victim), seed=len(victim))
    assert told.broken == []
    assert len(told.paid) >= KILLS, "the crowd was too slow to prove anything"
    if KILLS >= MANY:
        assert told.answered, "no call was answered, so nothing is proved of those that are"
    with opened(url="", data_dir=house.data_dir) as address, psycopg.connect(address, autocommit=True) as db:
        _wait_until_drained(db)
        _bookings_stand(db, told)
        _series_are_whole(db, told)
        _seats_are_as_many_as_were_set(db, told)
        _calls_end_in_a_session_or_with_everything_back(db, told)
        _every_fact_was_handled(db)
    found = house.run("ledger", "verify")
    assert found["holds"], found["problems"]


def _under_load(house: House, kill: Callable[[], None], seed: int) -> Told:
    chance, stop = random.Random(seed), threading.Event()
    clients = [Client(house.address, f"client{n:02d}@example.com", n, stop) for n in range(1, PEOPLE + 1)]
    hosts = [Host(house.address, email, n, stop) for n, email in enumerate(_consultants(house))]
    crowd: list[Person] = [*clients, *hosts]
    for one in crowd:
        one.start()
    _wait_until_busy(crowd, at_least=PEOPLE)
    for round_ in range(KILLS):
        _wait_until_busy(crowd, at_least=sum(len(one.told.paid) for one in crowd) + 1)
        time.sleep(chance.uniform(0.3, 3.0))
        kill()
        print(f"kill {round_ + 1} of {KILLS}: {sum(len(one.told.paid) for one in crowd)} paid so far", flush=True)
    time.sleep(2)
    stop.set()
    for one in crowd:
        one.join(timeout=30)
    together = Told()
    for one in crowd:
        together.add(one.told)
    said = {
        name: len(getattr(together, name))
        for name in ("booked", "paid", "series", "seats", "groups", "rung", "answered")
    }
    print(f"acknowledged: {said}", flush=True)
    return together


def _consultants(house: House) -> list[str]:
    """How some of the consultants sign in."""
    shown = httpx2.get(f"{house.address}/api/v1/consultants", timeout=30, trust_env=False).json()["items"]
    return [f"{one['slug']}@sample.example.com" for one in shown if one["services"]][-HOSTS:]


def _wait_until_busy(crowd: Sequence[Person], *, at_least: int) -> None:
    """Killing a house in which nobody is paying would prove nothing.

    Kills that follow each other too fast leave the worker no time, everybody keeps the five holds one may have, and nothing
    more is paid.
    """
    until = time.monotonic() + DRAIN_SECONDS_MAX
    while sum(len(one.told.paid) for one in crowd) < at_least:
        assert time.monotonic() < until, "nobody manages to pay"
        time.sleep(0.1)


def _kill(house: House, victim: str) -> None:
    if victim == "application":
        house.kill_application()
        house.start()
    else:
        house.kill_database()
        time.sleep(0.2)
        house.wait_until_ready()


def _wait_until_drained(db: psycopg.Connection) -> None:
    """Every fact delivered: nothing left to do but the clock's own work."""
    waiting = "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'facts' AND status IN ('todo', 'doing')"
    until, left = time.monotonic() + DRAIN_SECONDS_MAX, -1
    while time.monotonic() < until:
        (left,) = db.execute(waiting).fetchone() or (0,)
        if left == 0:
            return
        time.sleep(0.5)
    raise AssertionError(f"{left} facts are still waiting after {DRAIN_SECONDS_MAX} s")


def _bookings_stand(db: psycopg.Connection, told: Told) -> None:
    state = dict(db.execute("SELECT id, state FROM booking_bookings").fetchall())
    lost = [one for one in told.booked if one not in state]
    assert lost == [], "bookings the client was told of are gone"
    kept = ("requested", "confirmed", "in_progress", "cancelled")
    unpaid = [(one, state[one]) for one in told.paid - told.cancelled if state[one] not in kept]
    assert unpaid == [], "paid bookings neither wait for an answer, nor stand, nor are given back"
    alive = [one for one in told.cancelled if state[one] != "cancelled"]
    assert alive == [], "cancelled bookings came back"
    owed = db.execute(
        "SELECT b.id FROM booking_bookings b JOIN payments_payments p ON p.id = b.payment_id "
        "WHERE b.state = 'cancelled' AND p.state = 'captured' AND b.price_minor > 0 AND b.ended_reason <> 'client' "
        "AND NOT EXISTS (SELECT FROM payments_refunds r WHERE r.purpose = 'booking:' || b.id AND r.state = 'completed')"
    ).fetchall()
    assert owed == [], "money for a booking that did not come about was not sent back"
    stuck = db.execute("SELECT id FROM payments_refunds WHERE state <> 'completed'").fetchall()
    assert stuck == [], "refunds are still waiting"


def _series_are_whole(db: psycopg.Connection, told: Told) -> None:
    """All sessions of a series were held and paid for together, or none was: a part of one is a client's own cancelling."""
    torn = db.execute(
        "SELECT series_id FROM booking_bookings WHERE series_id IS NOT NULL AND created_at > "
        "(SELECT max(created_at) FROM accounts_users) GROUP BY series_id "
        "HAVING count(*) <> %s OR count(DISTINCT payment_id) <> 1 OR "
        "(bool_or(state IN ('held', 'expired')) AND bool_or(state IN ('confirmed', 'requested')))",
        (SESSIONS,),
    ).fetchall()
    assert torn == [], "series that are neither whole nor given up"
    states = dict(
        db.execute("SELECT id, state FROM booking_bookings WHERE id = ANY(%s)", (list(told.series),)).fetchall()
    )
    assert states.keys() == told.series


def _seats_are_as_many_as_were_set(db: psycopg.Connection, told: Told) -> None:
    sold = db.execute(
        "SELECT g.id FROM booking_groups g WHERE g.seats < (SELECT count(*) FROM booking_bookings b "
        "WHERE b.group_id = g.id AND b.state IN ('held', 'confirmed', 'in_progress'))"
    ).fetchall()
    assert sold == [], "more seats than there are"
    there = {one for (one,) in db.execute("SELECT id FROM booking_groups").fetchall()}
    assert told.groups <= there, "group sessions that were acknowledged are gone"
    alone = db.execute(
        "SELECT g.id FROM booking_groups g WHERE g.state <> 'cancelled' AND NOT EXISTS "
        "(SELECT FROM scheduling_times t WHERE t.hold_id = g.id AND t.standing AND t.state = 'taken')"
    ).fetchall()
    assert alone == [], "group sessions without their time"


def _calls_end_in_a_session_or_with_everything_back(db: psycopg.Connection, told: Told) -> None:
    state = dict(db.execute("SELECT id, state FROM instant_calls").fetchall())
    lost = [(one, state.get(one)) for one in told.rung if state.get(one) not in PAID_CALL]
    assert lost == [], "calls that were paid for neither ring, nor were answered, nor given back"
    assert [one for one in told.answered if state.get(one) != "answered"] == [], (
        "answers that were acknowledged are gone"
    )
    assert [one for one in told.taken_back if state.get(one) != "withdrawn"] == [], "calls that were taken back live on"
    nowhere = db.execute(
        "SELECT c.id FROM instant_calls c WHERE c.state = 'answered' AND NOT EXISTS (SELECT FROM booking_bookings b "
        "JOIN scheduling_times t ON t.hold_id = b.id AND t.standing AND t.state = 'taken' "
        "WHERE b.id = c.id AND b.consultant_id = c.consultant_id)"
    ).fetchall()
    assert nowhere == [], "calls that were answered are no sessions"
    kept = db.execute(
        "SELECT c.id FROM instant_calls c JOIN payments_payments p ON p.id = c.payment_id AND p.state = 'captured' "
        "WHERE c.state NOT IN ('answered', 'ringing') AND p.amount_minor > 0 AND p.amount_minor IS DISTINCT FROM "
        "(SELECT sum(r.amount_minor) FROM payments_refunds r WHERE r.payment_id = p.id AND r.state = 'completed')"
    ).fetchall()
    assert kept == [], "money for calls nobody answered was not sent back, or more than once"


def _every_fact_was_handled(db: psycopg.Connection) -> None:
    """No job failed for good, and what each fact's handlers leave behind is there."""
    failed = db.execute("SELECT task_name, args FROM procrastinate_jobs WHERE status = 'failed'").fetchall()
    assert failed == []
    untold = db.execute(
        "SELECT b.id FROM booking_bookings b JOIN booking_steps s ON s.booking_id = b.id AND s.state = 'confirmed' "
        "WHERE b.created_at > (SELECT max(created_at) FROM accounts_users) AND (SELECT count(*) FROM notifications_notices n "
        "WHERE n.subject_id = b.id AND n.kind = 'booking_confirmed') <> 2"
    ).fetchall()
    assert untold == [], "confirmed bookings nobody was told of (or told of twice)"
