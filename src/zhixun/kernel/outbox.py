"""Facts are stored with the change that caused them, and delivered after it commits.

One procrastinate job per subscribed handler, inserted in the same transaction. A handler may run twice and out of
order, so what it creates takes its id from the event. After ATTEMPTS_MAX tries the job stays, marked failed, for a
person to look at.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import procrastinate
import psycopg
from procrastinate import exceptions
from procrastinate.jobs import Job as ProcrastinateJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from sqlalchemy import text

from .event import Event

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from .feature import Job

log = logging.getLogger(__name__)

Handler = Callable[[Any], None]

ATTEMPTS_MAX = 12
STALLED_AFTER_SECONDS = 30
KEEP_DONE_HOURS = 72
POOL_SECONDS_MAX = 10
PERSIST_SECONDS_MAX = 30
PERSIST_PAUSE_SECONDS = 0.5
CATCH_UP_SECONDS_MAX = 26 * 3600
"""What the clock should have started while no worker ran is made up for, once, if it is not older than this."""
CLOCK_RETRY_SECONDS = 5
"""Each pause before the clock's work is tried again is longer than the last by this; twelve tries take six minutes."""
QUEUE = "facts"
CLOCK = "clock"

_handlers: dict[type[Event], list[Handler]] = defaultdict(list)
_clock_jobs: list[Job] = []


def subscribe(event_type: type[Event], handler: Handler) -> None:
    _handlers[event_type].append(handler)


def start_by_clock(job: Job) -> None:
    _clock_jobs.append(job)


def forget_all() -> None:
    _handlers.clear()
    _clock_jobs.clear()


def store(db: Session, events: Sequence[Event]) -> None:
    """Write one job per subscribed handler of each event, in the caller's transaction, in one statement."""
    jobs = [
        ProcrastinateJob(
            queue=QUEUE,
            lock=None,
            queueing_lock=None,
            task_name=_task_name(type(event), handler),
            task_kwargs={"fact": asdict(event)},
        )
        for event in events
        for handler in _handlers[type(event)]
    ]
    if jobs:
        driver = db.connection().connection.driver_connection
        _WRITER.job_manager.batch_defer_jobs(jobs, connection=driver)


def fact_app(conninfo: str) -> procrastinate.App:
    """The procrastinate app that delivers facts: one task per handler."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=conninfo, min_size=1, max_size=6, timeout=POOL_SECONDS_MAX, reconnect_timeout=POOL_SECONDS_MAX
        ),
        periodic_defaults={"max_delay": CATCH_UP_SECONDS_MAX},
    )
    app.job_manager = PatientJobs(app.connector)
    retry = procrastinate.RetryStrategy(max_attempts=ATTEMPTS_MAX, exponential_wait=2)
    for event_type, handlers in _handlers.items():
        for handler in handlers:
            app.task(name=_task_name(event_type, handler), queue=QUEUE, retry=retry)(
                partial(_deliver, event_type, handler)
            )
    return app


def job_app(conninfo: str) -> procrastinate.App:
    """What a worker runs: every fact's handlers, and the clock's jobs."""
    app = fact_app(conninfo)
    # What starts once a day must not wait for tomorrow because the database was away for a minute.
    patient = procrastinate.RetryStrategy(max_attempts=ATTEMPTS_MAX, linear_wait=CLOCK_RETRY_SECONDS)
    for job in _clock_jobs:
        task = app.task(name=_name(job.run), queue=CLOCK, queueing_lock=_name(job.run), retry=patient)(
            partial(_run_job, job)
        )
        app.periodic(cron=job.at)(task)

    async def forget_done_jobs(timestamp: int) -> None:
        await app.job_manager.delete_old_jobs(nb_hours=KEEP_DONE_HOURS)

    forget = app.task(name="kernel.forget_done_jobs", queue=CLOCK, queueing_lock="kernel.forget")(forget_done_jobs)
    app.periodic(cron="17 * * * *")(forget)
    return app


async def put_back_stalled_jobs(app: procrastinate.App) -> int:
    """A job whose worker was killed stays "doing" for ever unless someone puts it back. Returns how many were.

    A worker counts as dead after STALLED_AFTER_SECONDS without a heartbeat. A job that has taken its workers with it
    ATTEMPTS_MAX times is marked failed, for a person to look at.
    """
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS))
    for job in stalled:
        log.warning("%s (job %s) was left behind by a dead worker", job.task_name, job.id)
        try:
            if job.attempts >= ATTEMPTS_MAX:
                await app.job_manager.finish_job(job=job, status=Status.FAILED, delete_job=False)
            else:
                await app.job_manager.retry_job(job)
        except exceptions.UniqueViolation:
            # The clock has queued the same work again in the meantime, and it may wait only once.
            await app.job_manager.finish_job(job=job, status=Status.ABORTED, delete_job=False)
        except exceptions.ConnectorException:
            log.info("job %s was put back by another worker", job.id)
    return len(stalled)


class PatientJobs(JobManager):
    """Writes down how a job ended, even when the database goes away at that very moment.

    Given up, the job would stay "doing" under a living worker, where nobody looks for it: neither done nor tried again.
    PERSIST_SECONDS_MAX exceeds POOL_SECONDS_MAX, so a worker that cannot write for so long has by then failed to fetch
    too, and ended; its successor finds the job.
    """

    async def finish_job(self, job: ProcrastinateJob, status: Status, delete_job: bool) -> None:
        await _patiently(partial(super().finish_job, job=job, status=status, delete_job=delete_job))

    async def retry_job(
        self,
        job: ProcrastinateJob,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        await _patiently(partial(super().retry_job, job, retry_at, priority, queue, lock))


async def _patiently(write: Callable[[], Awaitable[None]]) -> None:
    deadline = time.monotonic() + PERSIST_SECONDS_MAX
    while True:
        try:
            return await write()
        except exceptions.ConnectorException as error:
            gone = isinstance(error.__cause__, psycopg.OperationalError)
            if not gone or time.monotonic() > deadline:
                raise
            await asyncio.sleep(PERSIST_PAUSE_SECONDS)


@dataclass(frozen=True)
class QueueState:
    waiting: int
    """Jobs due and not begun."""
    lag_seconds: float
    """How long the oldest of them has been due."""
    failed: int
    """Jobs given up; they stay until a person has looked."""
    heartbeat_seconds: float | None
    """Since a worker was last heard of; None where there never was one."""


def queue_state(db: Session) -> QueueState:
    row = db.execute(
        text(
            """
            SELECT count(*) FILTER (WHERE j.status = 'todo') AS waiting,
                   coalesce(extract(epoch FROM max(now() - coalesce(j.scheduled_at, e.at))
                                    FILTER (WHERE j.status = 'todo')), 0) AS lag,
                   count(*) FILTER (WHERE j.status = 'failed') AS failed,
                   (SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers) AS heartbeat
              FROM procrastinate_jobs j
              LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred' AND j.status = 'todo'
             WHERE j.status = 'failed' OR (j.status = 'todo' AND coalesce(j.scheduled_at, now()) <= now())
            """
        )
    ).one()
    heartbeat = None if row.heartbeat is None else float(row.heartbeat)
    return QueueState(row.waiting, max(float(row.lag), 0.0), row.failed, heartbeat)


@dataclass(frozen=True)
class Delivery:
    """One fact on its way to one handler. `status` is todo, doing, succeeded, failed, cancelled or aborted."""

    job_id: int
    handler: str
    status: str
    attempts: int
    at: datetime
    """When this last changed."""


def deliveries_about(db: Session, ids: Sequence[str], *, limit: int = 100) -> list[Delivery]:
    """What was delivered, or is still to be, of facts that name one of these ids; the oldest first.

    Looks through the jobs that are kept (KEEP_DONE_HOURS), so it is for a person's look at one booking, not for lists.
    """
    rows = db.execute(
        text(
            """
            SELECT j.id, j.task_name, j.status::text AS status, j.attempts, max(e.at) AS at
              FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id
             WHERE j.queue_name = :queue AND EXISTS (SELECT FROM jsonb_each_text(j.args -> 'fact') f WHERE f.value = ANY(:ids))
             GROUP BY j.id ORDER BY j.id LIMIT :limit
            """
        ),
        {"queue": QUEUE, "ids": list(ids), "limit": limit},
    )
    return [Delivery(row.id, row.task_name, row.status, row.attempts, row.at) for row in rows]


def forget_done_about(db: Session, person_id: str) -> None:
    """Forget the jobs that are over and whose fact names this person, before KEEP_DONE_HOURS are."""
    db.execute(
        text(
            """
            DELETE FROM procrastinate_jobs j WHERE j.queue_name = :queue AND j.status NOT IN ('todo', 'doing')
               AND EXISTS (SELECT FROM jsonb_each_text(j.args -> 'fact') f WHERE f.value = :person)
            """
        ),
        {"queue": QUEUE, "person": person_id},
    )


def _deliver(event_type: type[Event], handler: Handler, *, fact: dict[str, Any]) -> None:
    try:
        handler(event_type(**fact))
    except Exception:  # said by its name, then raised: the job table decides on the next try
        log.warning("%s failed; it is tried again", _name(handler), exc_info=True)
        raise


def _run_job(job: Job, timestamp: int) -> None:
    job.run()


def _task_name(event_type: type[Event], handler: Handler) -> str:
    """The handler's name; with the fact's where it hears of several, since each is read in its own form."""
    heard = sum(handler in many for many in _handlers.values())
    return _name(handler) if heard < 2 else f"{_name(handler)}:{event_type.__name__}"


def _name(function: Callable[..., None]) -> str:
    """ "booking.handlers.confirm_when_paid": stable in the database, whatever the package is called."""
    return f"{function.__module__.removeprefix('zhixun.features.')}.{function.__qualname__}"


# Only ever used with a caller's connection, so it is never opened and holds no connection of its own.
_WRITER = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
