"""The migrations lead to exactly the shape the models describe, and back to nothing."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import postgres
from tests.conftest import SERVER
from zhixun import migrations
from zhixun.adapters.database import binaries
from zhixun.kernel.database import sqlalchemy_url
from zhixun.kernel.tables import Table


@pytest.fixture
def empty() -> Iterator[str]:
    name = f"m_{uuid.uuid4().hex[:12]}"
    yield postgres.create(os.environ[SERVER], name)
    postgres.drop(os.environ[SERVER], name)


def test_the_migrations_make_what_the_models_say(db_url: str, empty: str) -> None:
    engine = sa.create_engine(sqlalchemy_url(empty), poolclass=sa.NullPool)
    Table.metadata.create_all(engine)
    with engine.connect() as connection:
        migrations._apply_job_schema(empty, connection)
    assert _shape(db_url) == _shape(empty)


def test_every_migration_goes_back_and_forth(empty: str) -> None:
    migrations.upgrade(empty)
    there = _shape(empty)
    migrations.downgrade(empty, "base")
    assert "CREATE TABLE public.booking" not in "\n".join(_shape(empty))
    migrations.upgrade(empty)
    assert _shape(empty) == there


def _shape(url: str) -> list[str]:
    """The schema as pg_dump writes it, without Alembic's mark and the session keys of a dump."""
    given = os.environ.get("ZHIXUN_TEST_POSTGRES_BIN")
    program = binaries.choose(Path(given) if given else None, major=None).folder / "pg_dump"
    chosen = ("--schema-only", "--no-owner", "-T", "alembic*")
    said = subprocess.run([str(program), *chosen, url], check=True, capture_output=True, text=True).stdout
    blocks = (block.strip() for block in said.split("\n\n"))
    return sorted(block for block in blocks if "restrict" not in block)
