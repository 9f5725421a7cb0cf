"""One throw-away PostgreSQL per test run: fast settings, a template database, a fresh copy for each test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests import programs
from zhixun.adapters.database import binaries, place, postmaster

PREFIX = "zhixun-test-pg-"
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
}
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 30
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 4_000_000_000
"""Copying the template for every test takes 0.1 s in memory and up to 2 s on a busy disk; where there is room, it is there."""


@contextmanager
def cluster() -> Iterator[str]:
    """A running server; yields the address of its maintenance database, "…/postgres".

    Its programs are those in ZHIXUN_TEST_POSTGRES_BIN, else the ones Zhixun itself would choose.
    """
    _clear_up_after_killed_runs()
    here = _place()
    given = os.environ.get("ZHIXUN_TEST_POSTGRES_BIN")
    chosen = binaries.within_reach(binaries.choose(Path(given) if given else None, major=None), here.identity)

    def run(*command: object) -> None:
        done = subprocess.run(
            [str(chosen.folder / str(command[0])), *map(str, command[1:])],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **here.as_user(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    options = [part for name, value in FAST.items() for part in ("-c", f"{name}={value}")]
    run("initdb", "-D", here.data, "-U", "zhixun", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    with (here.folder / "log").open("wb") as log:
        running = programs.begin(
            [str(chosen.folder / "postgres"), "-D", str(here.data), "-h", "", "-k", str(here.folder), *options],
            last=signal.SIGQUIT, stdout=log, stderr=log, **here.as_user(),
        )  # fmt: skip
    try:
        maintenance = f"postgresql://zhixun@/postgres?host={here.folder}"
        _wait(running, maintenance, here.folder / "log")
        yield maintenance
    finally:
        running.send_signal(signal.SIGQUIT)
        running.wait(STOP_SECONDS_MAX)
        shutil.rmtree(here.folder, ignore_errors=True)


def _wait(running: subprocess.Popen[bytes], maintenance: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        assert running.poll() is None, log.read_text()[-2_000:]
        try:
            psycopg.connect(maintenance).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"PostgreSQL did not start: {log.read_text()[-2_000:]}")


def address(server: str, database: str) -> str:
    return server.replace("/postgres?", f"/{database}?")


def create(server: str, database: str, template: str = "template0") -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            # Copying files takes half the time of logging every page, and there is no fsync to pay for.
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )
    return address(server, database)


def drop(server: str, database: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def _place() -> place.Place:
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_parent()))
    here = place.Place(folder, place.unprivileged() if os.getuid() == 0 else None)
    here.own(folder)
    return here


def _parent() -> Path:
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN
    return MEMORY if roomy else Path("/tmp")


def _clear_up_after_killed_runs() -> None:
    """The folder's name says which process made it; where that is gone, nobody will ever stop its server."""
    for folder in (*Path("/tmp").glob(f"{PREFIX}*"), *MEMORY.glob(f"{PREFIX}*")):
        maker = folder.name.removeprefix(PREFIX).split("-")[0]
        if not maker.isdigit() or Path(f"/proc/{maker}").exists() or not Path("/proc").exists():
            continue
        with contextlib.suppress(OSError):
            if pid := postmaster.of(folder / "data"):
                os.kill(pid, signal.SIGQUIT)
            shutil.rmtree(folder, ignore_errors=True)


def dump(url: str) -> str:
    """The whole database as text."""
    given = os.environ.get("ZHIXUN_TEST_POSTGRES_BIN")
    program = binaries.choose(Path(given) if given else None, major=None).folder / "pg_dump"
    return subprocess.run([str(program), "--inserts", url], check=True, capture_output=True, text=True).stdout
