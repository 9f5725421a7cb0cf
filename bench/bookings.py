"""How many holds of a time are booked in a second, beside the same inserts without any of our rules.

Run: python -m bench.bookings [--holds 300] [--rounds 5]

"request_booking" is the whole action, as POST /bookings calls it: whose time it is, what is offered, the price, the terms that
are frozen, the row that no other may overlap, the payment asked for, the facts for the worker; one transaction each.

"inserts alone" are the same rows and the same facts put into a copy of the same database in the same way (session, mapper, unit
of work, outbox, commit), with nothing read, counted or decided. "prepared writes" are the statements that the action wrote
with, recorded and written again with psycopg, without mapper or house: what the database alone takes. In memory, where a commit
costs nearly nothing, and on this machine's disk with fsync, as a house runs. Rounds take turns; each figure is the median.
The yardstick is a plain loop. Limit: on disk, half as many as inserts alone; ends with 1 below it.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event, select

from tests import make, postgres
from tests.conftest import KEYS, TEMPLATE, _make_template
from zhixun.adapters.key_ring.given import GivenRing
from zhixun.app import subscribe_all
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.models import Booking, Step
from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments.models import Payment
from zhixun.features.scheduling.models import TakenTime
from zhixun.features.scheduling.queries import slots
from zhixun.kernel import database, outbox, vault
from zhixun.kernel.event import Event
from zhixun.kernel.tables import Table
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

LIMIT = 0.5
EACH = 40
"""Holds of one consultant."""
Written = list[list[tuple[str, Any]]]
"""For each hold the statements that wrote, with their values."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--holds", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    given = parser.parse_args()
    subscribe_all()
    vault.unlock(GivenRing(KEYS))
    print(f"  yardstick: a loop of a million takes {_loop():.0f} ms")
    _run("in memory", given.holds, given.rounds, profiled=given.profile)
    postgres.MEMORY = Path(tempfile.gettempdir())
    postgres.FAST.update(dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit", "autovacuum"), "on"))
    share = _run("on disk, fsync", given.holds, given.rounds)
    return 1 if share < LIMIT else 0


def _run(name: str, holds: int, rounds: int, *, profiled: bool = False) -> float:
    with postgres.cluster() as server:
        _make_template(server)
        people, client = _house(postgres.create(server, "bench_start", TEMPLATE), holds)
        ours, alone, bare, statements = [], [], [], 0.0
        for number in range(rounds):
            engine = database.connect(postgres.create(server, f"ours_{number}", "bench_start"))
            with _recording(engine) as (written, count):
                took, facts = _hold_all(people, client, written, profiled=profiled and number == rounds - 1)
            ours.append(len(written) / took)
            statements = count[0] / len(written)
            rows = _rows_of_all()
            engine.dispose()
            engine = database.connect(postgres.create(server, f"alone_{number}", "bench_start"))
            alone.append(len(rows) / _insert_all(rows, facts))
            engine.dispose()
            url = postgres.create(server, f"bare_{number}", "bench_start")
            bare.append(len(written) / _write_all(url, written))
        wrote = statistics.mean(len(one) for one in written)
    share, of_bare = (statistics.median(ours) / statistics.median(peer) for peer in (alone, bare))
    print(
        f"  {name:<16} request_booking {statistics.median(ours):6.0f}/s ({statements:.0f} statements)   "
        f"inserts alone {statistics.median(alone):6.0f}/s: {share:.2f} of them   "
        f"prepared writes {statistics.median(bare):6.0f}/s ({wrote:.0f} statements): {of_bare:.2f} of them"
    )
    return share


def _house(url: str, holds: int) -> tuple[list[make.ConsultantMade], Actor]:
    engine = database.connect(url)
    with unit_of_work(now=make.NOW) as uow:
        people = [
            make.consultant(uow, f"P{number}", hours=make.AROUND_THE_CLOCK) for number in range(-(-holds // EACH))
        ]
        client = [make.client(uow, f"C{number}") for number in range(holds)]
    engine.dispose()
    return people, client


def _hold_all(
    people: list[make.ConsultantMade], clients: list[Actor], written: Written, *, profiled: bool
) -> tuple[float, list[list[Event]]]:
    starts = {}
    for one in people:
        with unit_of_work(now=make.NOW) as uow:
            terms = terms_of(catalog.service(uow.db, one.service_id))
            until = make.NOW + timedelta(days=20)
            free = slots(uow.db, consultant_id=one.id, terms=terms, from_=make.NOW, until=until, now=make.NOW)
            starts[one.id] = [slot.start for slot in free[: 4 * EACH : 4]]
    profile, facts = cProfile.Profile(), []
    written.clear()
    began = time.perf_counter()
    if profiled:
        profile.enable()
    for number, client in enumerate(clients):
        one = people[number % len(people)]
        written.append([])
        with unit_of_work(client, now=make.NOW) as uow:
            bookings.request_booking(
                uow, booking_id=new_id(), service_id=one.service_id, start=starts[one.id][number // len(people)]
            )
            facts.append(uow.facts)
    took = time.perf_counter() - began
    if profiled:
        profile.disable()
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)
    return took, facts


def _rows_of_all() -> list[list[tuple[type[Table], dict[str, Any]]]]:
    """For each booking that was held, first to last, the rows it made: of which table, and their values."""
    with unit_of_work() as uow:
        made: dict[type[Table], list[Any]] = {
            table: list(uow.db.execute(select(table.__table__)).mappings())
            for table in (TakenTime, Payment, Booking, Step)
        }
    times = {row["hold_id"]: row for row in made[TakenTime]}
    paid = {row["id"]: row for row in made[Payment]}
    steps = {row["booking_id"]: row for row in made[Step]}
    return [
        [
            (TakenTime, dict(times[row["id"]])), (Payment, dict(paid[row["payment_id"]])), (Booking, dict(row)),
            (Step, dict(steps[row["id"]])),
        ]
        for row in sorted(made[Booking], key=lambda row: str(row["id"]))
    ]  # fmt: skip


def _insert_all(rows: list[list[tuple[type[Table], dict[str, Any]]]], facts: list[list[Event]]) -> float:
    began = time.perf_counter()
    for made, stated in zip(rows, facts, strict=True):
        with unit_of_work(now=make.NOW) as uow:
            for table, values in made:
                uow.db.add(table(**values))
            for fact in stated:
                uow.emit(fact)
    return time.perf_counter() - began


@contextmanager
def _recording(engine: Engine) -> Iterator[tuple[Written, list[int]]]:
    """Everything that writes goes into the list of the hold under way; the count is of all statements."""
    written: Written = []
    count = [0]

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        count[0] += 1
        if written and statement.lstrip().startswith(("INSERT", "UPDATE", "WITH")):
            written[-1].append((statement.split(" RETURNING ")[0], values))

    defer = outbox._WRITER.job_manager.batch_defer_jobs

    def note_jobs(jobs: Any, connection: Any = None) -> Any:
        count[0] += 1
        if written:
            written[-1].append(("jobs", jobs))
        return defer(jobs, connection=connection)

    outbox._WRITER.job_manager.batch_defer_jobs = note_jobs
    yield written, count
    outbox._WRITER.job_manager.batch_defer_jobs = defer


def _write_all(url: str, written: Written) -> float:
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        for one in written:
            for statement, values in one:
                if statement == "jobs":
                    outbox._WRITER.job_manager.batch_defer_jobs(values, connection=connection)
                elif isinstance(values, list):
                    connection.cursor().executemany(statement, values)
                else:
                    connection.execute(statement, values)
            connection.commit()
        return time.perf_counter() - began


def _loop() -> float:
    began = time.perf_counter()
    sum(range(1_000_000))
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
