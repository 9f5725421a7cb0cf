"""kill -9 at random moments, of the application and of PostgreSQL, while people book and pay.

CHAOS_KILLS says how many times (default a few, for every run of the tests; `make chaos` does fifty).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.chaos.crowd import Client, Told
from tests.house import House
from zhixun.adapters.database import opened

KILLS = int(os.environ.get("CHAOS_KILLS", "3"))
PEOPLE = 6
DRAIN_SECONDS_MAX = 120


@pytest.fixture
def house(open_path: Path) -> Iterator[House]:
    found = House(open_path / "var")
    found.run("sample", "--consultants", "12", "--clients", "2", "--days", "1", "--seed", "7")
    found.start()
    yield found
    found.stop()


@pytest.mark.timeout(120 + 40 * KILLS)
@pytest.mark.parametrize("victim", ["application", "database"])
def test_nothing_acknowledged_is_lost_when_it_is_killed(house: House, victim: str) -> None:
    told = _under_load(house, lambda: _kill(house, victim), seed=len(victim))
    assert told.broken == []
    assert len(told.paid) >= KILLS, "the crowd was too slow to prove anything"
    with opened(url="", data_dir=house.data_dir) as address, psycopg.connect(address, autocommit=True) as db:
        _wait_until_drained(db)
        _bookings_stand(db, told)
        _every_fact_was_handled(db)
    found = house.run("ledger", "verify")
    assert found["holds"], found["problems"]


def _under_load(house: House, kill: Callable[[], None], seed: int) -> Told:
    chance, stop = random.Random(seed), threading.Event()
    crowd = [Client(house.address, f"client{n:02d}@example.com", n, stop) for n in range(1, PEOPLE + 1)]
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
        together.booked |= one.told.booked
        together.paid |= one.told.paid
        together.cancelled |= one.told.cancelled
        together.broken += one.told.broken
        together.refused += one.told.refused
    return together


def _wait_until_busy(crowd: list[Client], *, at_least: int) -> None:
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
        "AND NOT EXISTS (SELECT FROM payments_refunds r WHERE r.purpose = p.purpose AND r.state = 'completed')"
    ).fetchall()
    assert owed == [], "money for a booking that did not come about was not sent back"
    stuck = db.execute("SELECT id FROM payments_refunds WHERE state <> 'completed'").fetchall()
    assert stuck == [], "refunds are still waiting"


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
