"""Delivers facts, and runs what the clock starts. In the web process for one machine, `zhixun worker` apart for more."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine

import procrastinate

from zhixun.kernel import outbox

log = logging.getLogger(__name__)

CONCURRENCY = 4
"""Handlers at work at once, each in a thread."""
POLL_SECONDS = 1.0
"""The longest a job waits when the NOTIFY that announced it was missed."""
HEARTBEAT_SECONDS = 5.0
SWEEP_SECONDS = 10.0
AGAIN_SECONDS = 1.0
STOP_SECONDS_MAX = 10.0


async def run(conninfo: str, stop: asyncio.Event) -> None:
    """Work until `stop` is set, through every restart of the database."""
    while not stop.is_set():
        app = outbox.job_app(conninfo)
        try:
            async with app.open_async():
                await _work(app, stop)
        except Exception as error:
            log.warning("the worker lost its database (%s); it begins again", error or type(error).__name__)
        if not stop.is_set():
            await _pause(stop, AGAIN_SECONDS)


async def _work(app: procrastinate.App, stop: asyncio.Event) -> None:
    """One life of the worker: ends when asked to, or when anything of it fails."""
    parts = [
        asyncio.create_task(_run_jobs(app), name="jobs"),
        asyncio.create_task(_sweep(app), name="sweeper"),
        asyncio.create_task(_until(stop), name="stop"),
    ]
    done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)
    for part in done:
        part.result()


def _run_jobs(app: procrastinate.App) -> Coroutine[None, None, None]:
    return app.run_worker_async(
        concurrency=CONCURRENCY,
        install_signal_handlers=False,
        fetch_job_polling_interval=POLL_SECONDS,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=outbox.STALLED_AFTER_SECONDS,
        shutdown_graceful_timeout=STOP_SECONDS_MAX,
    )


async def _sweep(app: procrastinate.App) -> None:
    while True:
        await outbox.put_back_stalled_jobs(app)
        await asyncio.sleep(SWEEP_SECONDS)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def run_until_signalled(conninfo: str) -> None:
    """`zhixun worker`: in the foreground, until SIGTERM or Ctrl-C; what is under way is finished first."""

    async def until_signalled() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await run(conninfo, stop)

    asyncio.run(until_signalled())
