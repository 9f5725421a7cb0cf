"""What people with power did, chained: each line carries the SHA-256 of itself and the line before.

A line that is changed, taken out or slipped in breaks the chain at its place. Cutting lines off the end leaves a chain that
holds: note its head (`zhixun privacy verify-audit` prints it) somewhere else from time to time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import DDL, BigInteger, Index, event, func, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as SqlSession

from .tables import Table

if TYPE_CHECKING:
    from .unit_of_work import UnitOfWork

LOCK = 0x41_55_44_49
BATCH = 1_000
BEGINNING = "0" * 64


class AuditLine(Table):
    __tablename__ = "audit_lines"
    __table_args__ = (Index("audit_lines_subject", "subject_id", "number"),)
    personal_data = "keep: shows who did what with power over others; made of ids and words of the house"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[str]
    deed: Mapped[str]
    subject_id: Mapped[str]
    """Whom or what it was done to: an id, or nothing."""
    details: Mapped[dict[str, Any]]
    previous: Mapped[str]
    hash: Mapped[str]


APPEND_ONLY = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_lines
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
"""
event.listen(AuditLine.__table__, "after_create", DDL(APPEND_ONLY.replace("%", "%%")))


@dataclass(frozen=True)
class Line:
    number: int
    at: datetime
    actor_id: str
    deed: str
    subject_id: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Chain:
    """`broken_at` is the number of the first line that does not fit; `head` the last line's hash up to there."""

    count: int
    head: str
    broken_at: int | None

    @property
    def holds(self) -> bool:
        return self.broken_at is None


def record(uow: UnitOfWork, deed: str, *, subject_id: str = "", **details: str | int | bool | None) -> None:
    """Write a deed down in the transaction that does it. Details are ids, numbers and words of the house, nobody's text."""
    uow.db.execute(select(func.pg_advisory_xact_lock(LOCK)))
    last = uow.db.execute(
        select(AuditLine.number, AuditLine.hash).order_by(AuditLine.number.desc()).limit(1)
    ).one_or_none()  # fmt: skip
    number, previous = (last.number + 1, last.hash) if last else (1, BEGINNING)
    line = Line(number, uow.now, uow.actor.user_id, deed, subject_id, dict(details))
    uow.db.add(AuditLine(**asdict(line), previous=previous, hash=_hash(line, previous)))
    uow.db.flush()


def record_facts(uow: UnitOfWork) -> None:
    """Every fact that someone at the desk has caused is a deed of theirs. Called when their transaction commits."""
    for fact in uow.facts:
        told = {name: value for name, value in asdict(fact).items() if name != "event_id"}
        subject = next((value for name, value in told.items() if name.endswith("_id")), "")
        record(uow, type(fact).__name__, subject_id=str(subject), **told)


def verify(db: SqlSession) -> Chain:
    """Walk the whole chain."""
    number, previous = 0, BEGINNING
    for row in _rows(db):
        line = Line(row.number, row.at, row.actor_id, row.deed, row.subject_id, row.details)
        if (row.number, row.previous, row.hash) != (number + 1, previous, _hash(line, previous)):
            return Chain(number, previous, number + 1)
        number, previous = row.number, row.hash
    return Chain(number, previous, None)


def lines(db: SqlSession, *, before: int | None = None, subject_id: str = "", limit: int = 50) -> list[Line]:
    """The newest first; `before` (a number) pages on."""
    wanted = select(AuditLine).order_by(AuditLine.number.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(AuditLine.number < before)
    if subject_id:
        wanted = wanted.where(AuditLine.subject_id == subject_id)
    return [Line(row.number, row.at, row.actor_id, row.deed, row.subject_id, row.details) for row in db.scalars(wanted)]


def _rows(db: SqlSession) -> Iterator[Any]:
    after = 0
    table = AuditLine.__table__
    while rows := db.execute(select(table).where(table.c.number > after).order_by(table.c.number).limit(BATCH)).all():
        yield from rows
        after = rows[-1].number


def _hash(line: Line, previous: str) -> str:
    told = {**asdict(line), "at": line.at.astimezone(UTC).isoformat(timespec="microseconds"), "previous": previous}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
