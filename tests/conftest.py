"""Fixtures for all tests: one PostgreSQL per run, a fresh copy of the migrated template database per test."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import zhixun.app  # noqa: F401 - knows every table
from tests import postgres
from zhixun import migrations
from zhixun.adapters.key_ring.given import GivenRing
from zhixun.kernel import database, outbox, vault
from zhixun.kernel.tables import Session

TEMPLATE = "zhixun_template"
SERVER = "ZHIXUN_TEST_SERVER"
KEYS = f"k1:{base64.b64encode(b'for tests only'.ljust(32)).decode()}"
"""The master key of the tests: also of the houses and commands they start, so that one can read what the other sealed."""


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run starts the server; xdist's workers inherit its address."""
    os.environ.setdefault("ZHIXUN_KEYS", KEYS)
    if SERVER not in os.environ and not hasattr(config, "workerinput"):
        running = postgres.cluster()
        os.environ[SERVER] = running.__enter__()
        config.add_cleanup(lambda: (running.__exit__(None, None, None), os.environ.pop(SERVER, None)))
        _make_template(os.environ[SERVER])


def _make_template(server: str) -> None:
    migrations.upgrade(postgres.create(server, TEMPLATE))


@pytest.fixture
def db_url() -> Iterator[str]:
    """The address of a fresh, empty database with every table; the session factory is bound to it."""
    server, name = os.environ[SERVER], f"t_{uuid.uuid4().hex[:12]}"
    url = postgres.create(server, name, TEMPLATE)
    engine = database.connect(url)
    vault.unlock(GivenRing(KEYS))
    yield url
    engine.dispose()
    Session.configure(bind=None)
    postgres.drop(server, name)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """Like tmp_path, but the unprivileged user that PostgreSQL runs as may enter it."""
    path = Path(tempfile.mkdtemp(prefix="zhixun-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def deliver_all(db_url: str) -> Callable[[], None]:
    """Deliver every stored fact, and the facts those cause, until nothing is due."""

    def deliver() -> None:
        async def work() -> None:
            async with outbox.fact_app(db_url).open_async() as jobs:
                await jobs.run_worker_async(
                    wait=False, concurrency=1, install_signal_handlers=False, listen_notify=False
                )

        # In a thread of its own: a browser that is still open keeps an event loop running in this one.
        with ThreadPoolExecutor(1) as apart:
            apart.submit(asyncio.run, work()).result()

    return deliver
