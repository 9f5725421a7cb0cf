"""The history of the database's shape: one line of Alembic revisions, and procrastinate's own schema."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import procrastinate
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from zhixun.kernel.database import sqlalchemy_url

LOCK = 0x5A48_4958
"""Advisory lock key: two processes that start at once migrate one after the other."""


def upgrade(conninfo: str, revision: str = "head") -> None:
    """Bring the database to the newest shape (or to `revision`)."""
    engine = sa.create_engine(sqlalchemy_url(conninfo), poolclass=sa.NullPool)
    with engine.connect() as guard:
        guard.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        command.upgrade(_config(conninfo), revision)
        _apply_job_schema(conninfo, guard)
        guard.rollback()
    engine.dispose()


def downgrade(conninfo: str, revision: str) -> None:
    """Go back to `revision` ("base" for nothing at all)."""
    command.downgrade(_config(conninfo), revision)


def current(conninfo: str) -> tuple[str | None, str | None]:
    """(what the database is at, what this program knows): equal when up to date."""
    engine = sa.create_engine(sqlalchemy_url(conninfo), poolclass=sa.NullPool)
    with engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return at, head()


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has the shape this program needs."""
    return MigrationContext.configure(connection).get_current_revision() == head()


@lru_cache
def head() -> str | None:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


def _config(conninfo: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["conninfo"] = conninfo
    return config


def _apply_job_schema(conninfo: str, connection: sa.Connection) -> None:
    """procrastinate brings its own tables; they are applied once and upgraded with its releases."""
    if connection.scalar(sa.text("SELECT to_regclass('procrastinate_jobs')")) is None:
        jobs = procrastinate.App(
            connector=procrastinate.SyncPsycopgConnector(conninfo=conninfo, min_size=1, max_size=1)
        )
        with jobs.open():
            jobs.schema_manager.apply_schema()
