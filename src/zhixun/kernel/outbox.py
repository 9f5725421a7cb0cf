"""Facts are stored with the change that caused them, and delivered after it commits.

One procrastinate job per subscribed handler, inserted in the same transaction. A handler may run twice and out of
order, so what it creates takes its id from the event. After ATTEMPTS_MAX tries the job stays, marked failed, for a
person to look at.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate.jobs import Job as ProcrastinateJob

from .event import Event

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from .feature import Job

log = logging.getLogger(__name__)

Handler = Callable[[Any], None]

ATTEMPTS_MAX = 12
STALLED_AFTER_SECONDS = 30
KEEP_DONE_HOURS = 72
QUEUE = "facts"

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
            queue=QUEUE, lock=None, queueing_lock=None, task_name=_name(handler), task_kwargs={"fact": asdict(event)}
        )
        for event in events
        for handler in _handlers[type(event)]
    ]
    if jobs:
        driver = db.connection().connection.driver_connection
        _WRITER.job_manager.batch_defer_jobs(jobs, connection=driver)


def job_app(conninfo: str) -> procrastinate.App:
    """The procrastinate app a worker runs: one task per handler, the clock's jobs, and the sweeper."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=6))
    retry = procrastinate.RetryStrategy(max_attempts=ATTEMPTS_MAX, exponential_wait=2)
    for event_type, handlers in _handlers.items():
        for handler in handlers:
            app.task(name=_name(handler), queue=QUEUE, retry=retry)(partial(_deliver, event_type, handler))
    for job in _clock_jobs:
        task = app.task(name=_name(job.run), queue="clock", queueing_lock=_name(job.run))(partial(_run_job, job))
        app.periodic(cron=job.at)(task)
    _add_sweeper(app)
    return app


def _add_sweeper(app: procrastinate.App) -> None:
    """A job whose worker was killed stays "doing" for ever unless someone puts it back."""

    async def sweep(timestamp: int) -> None:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
            log.warning("%s was left behind by a dead worker; it runs again", job.task_name)
            await app.job_manager.retry_job(job)
        await app.job_manager.delete_old_jobs(nb_hours=KEEP_DONE_HOURS)

    task = app.task(name="kernel.sweep_stalled_jobs", queue="clock", queueing_lock="kernel.sweep")(sweep)
    app.periodic(cron="* * * * *")(task)


def _deliver(event_type: type[Event], handler: Handler, *, fact: dict[str, Any]) -> None:
    handler(event_type(**fact))


def _run_job(job: Job, timestamp: int) -> None:
    job.run()


def _name(function: Callable[..., None]) -> str:
    """ "booking.handlers.confirm_when_paid": stable in the database, whatever the package is called."""
    return f"{function.__module__.removeprefix('zhixun.features.')}.{function.__qualname__}"


# Only ever used with a caller's connection, so it is never opened and holds no connection of its own.
_WRITER = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
