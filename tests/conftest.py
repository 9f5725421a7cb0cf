"""Fixtures for all tests: one PostgreSQL per run, a fresh copy of the migrated template database per test."""

from __future__ import annotations

import asyncio
import importlib
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import postgres
from zhixun.kernel import database, outbox
from zhixun.kernel.tables import Session, Table

TEMPLATE = "zhixun_template"
SERVER = "ZHIXUN_TEST_SERVER"


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run starts the server; xdist's workers inherit its address."""
    if SERVER not in os.environ and not hasattr(config, "workerinput"):
        running = postgres.cluster()
        os.environ[SERVER] = running.__enter__()
        config.add_cleanup(lambda: (running.__exit__(None, None, None), os.environ.pop(SERVER, None)))
        _make_template(os.environ[SERVER])


def _make_template(server: str) -> None:
    url = postgres.create(server, TEMPLATE)
    for models in sorted((Path(__file__).parent.parent / "src/zhixun/features").glob("*/models.py")):
        importlib.import_module(f"zhixun.features.{models.parent.name}.models")
    for rows in sorted((Path(__file__).parent.parent / "src/zhixun/adapters").glob("*/*.py")):
        if "Table)" in rows.read_text():
            importlib.import_module(f"zhixun.adapters.{rows.parent.name}.{rows.stem}")
    engine = database.connect(url)
    Table.metadata.create_all(engine)
    engine.dispose()
    with outbox.job_app(url).open() as jobs:
        jobs.schema_manager.apply_schema()


@pytest.fixture
def db_url() -> Iterator[str]:
    """The address of a fresh, empty database with every table; the session factory is bound to it."""
    server, name = os.environ[SERVER], f"t_{uuid.uuid4().hex[:12]}"
    url = postgres.create(server, name, TEMPLATE)
    engine = database.connect(url)
    yield url
    engine.dispose()
    Session.configure(bind=None)
    postgres.drop(server, name)


@pytest.fixture
def deliver_all(db_url: str) -> Callable[[], None]:
    """Deliver every stored fact, and the facts those cause, until nothing is due."""

    def deliver() -> None:
        async def work() -> None:
            async with outbox.job_app(db_url).open_async() as jobs:
                await jobs.run_worker_async(wait=False, concurrency=1, install_signal_handlers=False, listen_notify=False)

        asyncio.run(work())

    return deliver
