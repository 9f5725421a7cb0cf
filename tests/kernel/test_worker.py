"""No fact is handled zero times: workers are killed, databases go away, and every job still ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from procrastinate import exceptions
from procrastinate.jobs import Job as ProcrastinateJob
from procrastinate.jobs import Status

from zhixun import worker
from zhixun.kernel import outbox
from zhixun.kernel.event import Event
from zhixun.kernel.feature import Job
from zhixun.kernel.unit_of_work import unit_of_work

WAIT_SECONDS = 40
DIES = """
import asyncio, os, sys, time
from tests.kernel import test_worker as tests
from zhixun import worker
from zhixun.kernel import outbox
outbox.subscribe(tests.BellRang, tests.ring_for_ever)
asyncio.run(worker.run(sys.argv[1], asyncio.Event()))
"""


@dataclass(frozen=True, kw_only=True)
class BellRang(Event):
    tower: str


heard: list[str] = []
troubles = 0


def listen(event: BellRang) -> None:
    heard.append(event.tower)


def fail_first(event: BellRang) -> None:
    global troubles
    troubles -= 1
    if troubles >= 0:
        raise ConnectionError("the provider is away")
    heard.append(event.tower)


def ring_for_ever(event: BellRang) -> None:
    print("begun", flush=True)
    time.sleep(600)


ring_for_ever.__qualname__ = "listen"  # What the dead worker had begun is `listen`'s job for the next one.


@pytest.fixture(autouse=True)
def _subscribed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(outbox, "STALLED_AFTER_SECONDS", 2)
    monkeypatch.setattr(worker, "HEARTBEAT_SECONDS", 0.5)
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.5)
    monkeypatch.setattr(worker, "AGAIN_SECONDS", 0.2)
    outbox.forget_all()
    heard.clear()
    yield
    outbox.forget_all()


def ring(tower: str) -> None:
    with unit_of_work() as uow:
        uow.emit(BellRang(tower=tower))


@contextmanager
def working(db_url: str) -> Iterator[None]:
    """A worker in a thread of this process."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(worker.run(db_url, stop))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive(), "the worker did not stop"


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def statuses(db_url: str) -> list[str]:
    with psycopg.connect(db_url) as db:
        return [
            row[0] for row in db.execute("SELECT status FROM procrastinate_jobs WHERE queue_name = 'facts' ORDER BY id")
        ]


def test_a_job_whose_worker_was_killed_is_found_again_and_finished(db_url: str) -> None:
    outbox.subscribe(BellRang, listen)
    ring("north")
    doomed = subprocess.Popen(
        [sys.executable, "-c", DIES, db_url],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == "begun\n"
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    assert statuses(db_url) == ["doing"]
    with working(db_url):
        wait_until(lambda: heard == ["north"])
        wait_until(lambda: statuses(db_url) == ["succeeded"])


def test_a_handler_that_fails_is_tried_again_and_the_fact_is_handled(db_url: str) -> None:
    global troubles
    troubles = 1
    outbox.subscribe(BellRang, fail_first)
    ring("north")
    with working(db_url):
        wait_until(lambda: heard == ["north"])


def test_a_job_that_was_given_up_stays_for_a_person_to_see(db_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    global troubles
    troubles = 99
    monkeypatch.setattr(outbox, "ATTEMPTS_MAX", 1)
    outbox.subscribe(BellRang, fail_first)
    ring("north")
    with working(db_url):
        wait_until(lambda: statuses(db_url) == ["failed"])
        asyncio.run(_forget_done(db_url))
    assert statuses(db_url) == ["failed"]


async def _forget_done(db_url: str) -> None:
    async with outbox.fact_app(db_url).open_async() as app:
        await app.job_manager.delete_old_jobs(nb_hours=0)


def test_a_missed_announcement_costs_no_more_than_one_poll(db_url: str) -> None:
    outbox.subscribe(BellRang, listen)
    with working(db_url):
        wait_until(lambda: worker_is_there(db_url))
        with psycopg.connect(db_url, autocommit=True) as db:
            db.execute("ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1")
        began = time.monotonic()
        ring("north")
        wait_until(lambda: heard == ["north"])
    assert time.monotonic() - began < worker.POLL_SECONDS + WAIT_SECONDS / 8


def worker_is_there(db_url: str) -> bool:
    with psycopg.connect(db_url) as db:
        return db.execute("SELECT 1 FROM procrastinate_workers").fetchone() is not None


def test_the_worker_lives_through_the_loss_of_every_connection(db_url: str) -> None:
    outbox.subscribe(BellRang, listen)
    with working(db_url):
        for tower in ("north", "south", "east"):
            wait_until(lambda: worker_is_there(db_url))
            end_every_connection(db_url)
            ring(tower)
            wait_until(lambda tower=tower: heard[-1:] == [tower])  # type: ignore[misc]
    assert heard == ["north", "south", "east"]


def end_every_connection(db_url: str) -> None:
    with psycopg.connect(db_url, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_how_a_job_ended_is_written_down_though_the_database_was_away_at_that_moment(db_url: str) -> None:
    """Else the job would stay "doing" under a worker that lives, where no sweeper looks."""
    away = 3

    class Flaky:
        async def finish(self) -> None:
            nonlocal away
            away -= 1
            if away >= 0:
                raise exceptions.ConnectorException from psycopg.OperationalError("gone")
            heard.append("written")

    asyncio.run(outbox._patiently(Flaky().finish))
    assert heard == ["written"]


def test_a_stalled_clock_job_that_is_queued_again_already_does_not_stop_the_sweeper(db_url: str) -> None:
    """Two of the same clock job may not wait at once; the other stalled jobs must be put back all the same."""
    outbox.subscribe(BellRang, listen)
    outbox.start_by_clock(Job(run=tick, at="0 0 1 1 *"))
    ring("north")

    async def scenario() -> list[tuple[str, str]]:
        app = outbox.job_app(db_url)
        async with app.open_async():
            jobs = app.job_manager
            dead = await jobs.register_worker()
            clock = ProcrastinateJob(
                queue=outbox.CLOCK, lock=None, queueing_lock="tick", task_name="tick", task_kwargs={"timestamp": 0}
            )
            await jobs.defer_job_async(clock)
            while await jobs.fetch_job(queues=None, worker_id=dead):
                pass
            await jobs.defer_job_async(clock)
            await jobs.unregister_worker(dead)
            assert await outbox.put_back_stalled_jobs(app) == 2
            assert await outbox.put_back_stalled_jobs(app) == 0
            return [(job.task_name, job.status) for job in await jobs.list_jobs_async()]

    found = asyncio.run(scenario())
    assert ("kernel.test_worker.listen".replace("kernel", "tests.kernel"), "todo") in found
    assert sorted(status for name, status in found if name == "tick") == [Status.ABORTED.value, "todo"]


def tick() -> None: ...


def test_a_job_that_kills_its_workers_is_given_up_after_as_many_tries_as_any_other(
    db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.subscribe(BellRang, listen)
    ring("north")

    async def scenario() -> None:
        app = outbox.fact_app(db_url)
        async with app.open_async():
            for _ in range(outbox.ATTEMPTS_MAX + 1):
                dead = await app.job_manager.register_worker()
                await app.job_manager.fetch_job(queues=None, worker_id=dead)
                await app.job_manager.unregister_worker(dead)
                await outbox.put_back_stalled_jobs(app)

    asyncio.run(scenario())
    assert statuses(db_url) == ["failed"]


def test_the_state_of_the_queue_is_told(db_url: str) -> None:
    outbox.subscribe(BellRang, listen)
    ring("north")

    def told() -> outbox.QueueState:
        with unit_of_work() as uow:
            return outbox.queue_state(uow.db)

    state = told()
    assert (state.waiting, state.failed, state.heartbeat_seconds) == (1, 0, None)
    assert 0 <= state.lag_seconds < WAIT_SECONDS
    with working(db_url):
        wait_until(lambda: told().waiting == 0)  # at the turn of a minute the clock's own jobs wait a moment too
        assert statuses(db_url)[0] == "succeeded"
        assert told().heartbeat_seconds is not None


def test_what_the_clock_should_have_started_while_nobody_worked_is_made_up_for_once(db_url: str) -> None:
    ran: list[str] = []

    def nightly() -> None:
        ran.append("nightly")

    hours_ago = time.gmtime(time.time() - 5 * 3600).tm_hour
    outbox.start_by_clock(Job(run=nightly, at=f"0 {hours_ago} * * *"))
    for _ in range(2):
        with working(db_url):
            wait_until(lambda: ran == ["nightly"])
            time.sleep(0.5)
    assert ran == ["nightly"]
