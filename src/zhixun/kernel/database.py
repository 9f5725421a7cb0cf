"""The one engine: how every part of the program reaches PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Engine

from .tables import Session

POOL_SIZE = 12
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000


def connect(conninfo: str) -> Engine:
    """Bind the session factory to the PostgreSQL at `conninfo` (a libpq address, postgresql://…)."""
    engine = sa.create_engine(
        sqlalchemy_url(conninfo),
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_pre_ping=True,
        connect_args={
            "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
        },
    )
    Session.configure(bind=engine)
    return engine


def sqlalchemy_url(conninfo: str) -> str:
    """SQLAlchemy's form of a libpq address."""
    scheme, _, rest = conninfo.partition("://")
    assert scheme in {"postgresql", "postgres"}, "the database address starts with postgresql://"
    return f"postgresql+psycopg://{rest}"
