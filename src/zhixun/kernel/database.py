"""The one engine: how every part of the program reaches PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Engine, ExceptionContext

from .tables import Session

POOL_SIZE = 12
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
CONNECT_SECONDS_MAX = 10

OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in (
        ("timezone", "UTC"),
        ("statement_timeout", STATEMENT_TIMEOUT_MS),
        ("lock_timeout", LOCK_TIMEOUT_MS),
        ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_TIMEOUT_MS),
    )
)


def connect(conninfo: str) -> Engine:
    """Bind the session factory to the PostgreSQL at `conninfo` (a libpq address, postgresql://…)."""
    engine = sa.create_engine(
        sqlalchemy_url(conninfo),
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_pre_ping=True,
        hide_parameters=True,  # what people wrote has no business in the log of a statement that failed
        connect_args={"options": OPTIONS, "connect_timeout": CONNECT_SECONDS_MAX},
    )
    sa.event.listen(engine, "handle_error", _without_values)
    Session.configure(bind=engine)
    return engine


def _without_values(context: ExceptionContext) -> None:
    """Of what PostgreSQL says of a failure, the first line: those that follow (DETAIL, CONTEXT) quote the row itself."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def sqlalchemy_url(conninfo: str) -> str:
    """SQLAlchemy's form of a libpq address."""
    scheme, _, rest = conninfo.partition("://")
    assert scheme in {"postgresql", "postgres"}, "the database address starts with postgresql://"
    return f"postgresql+psycopg://{rest}"
