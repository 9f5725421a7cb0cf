"""The log as one table in the house's own database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, CursorResult, Index, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.features.behaviour.ports import Logged
from zhixun.features.behaviour.rules import Interaction
from zhixun.kernel.tables import Session, Table

READ_AT_ONCE = 2_000


class LoggedInteraction(Table):
    """One interaction of nobody in particular."""

    __tablename__ = "behaviour_interactions"
    __table_args__ = (
        Index("behaviour_interactions_person_at", "person", "at"),
        Index("behaviour_interactions_at", "at"),
    )
    personal_data = "erase"
    belongs_to = ("person",)
    """A pseudonym: what of it is somebody's goes by it, before the pseudonym itself does."""

    person: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    at: Mapped[datetime]
    source: Mapped[str]
    text: Mapped[str]
    labels: Mapped[list[str]]
    value_minor: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str]
    starts_at: Mapped[datetime | None]


class SqlLog:
    def add(self, person: str, interactions: Sequence[Interaction]) -> int:
        if not interactions:
            return 0
        rows = [_row(person, one) for one in interactions]
        with Session.begin() as db:
            added = db.scalars(
                insert(LoggedInteraction).values(rows).on_conflict_do_nothing().returning(LoggedInteraction.id)
            )
            return len(added.all())

    def of_person(self, person: str, *, since: datetime | None = None, limit: int = 1_000) -> list[Interaction]:
        wanted = select(LoggedInteraction).where(LoggedInteraction.person == person)
        if since is not None:
            wanted = wanted.where(LoggedInteraction.at >= since)
        latest = wanted.order_by(LoggedInteraction.at.desc(), LoggedInteraction.id.desc()).limit(limit)
        with Session() as db:
            return [_interaction(row) for row in db.scalars(latest)]

    def everything(self, *, since: datetime | None = None) -> Iterator[Logged]:
        wanted = select(LoggedInteraction)
        if since is not None:
            wanted = wanted.where(LoggedInteraction.at >= since)
        ordered = wanted.order_by(LoggedInteraction.at, LoggedInteraction.person, LoggedInteraction.id)
        with Session() as db:
            for row in db.scalars(ordered.execution_options(yield_per=READ_AT_ONCE)):
                yield Logged(row.person, _interaction(row))

    def forget_person(self, person: str) -> int:
        return self._forget(LoggedInteraction.person == person)

    def forget_before(self, moment: datetime) -> int:
        return self._forget(LoggedInteraction.at < moment)

    def count(self) -> int:
        with Session() as db:
            return db.scalars(select(func.count()).select_from(LoggedInteraction)).one()

    def _forget(self, which: Any) -> int:
        with Session.begin() as db:
            return cast("CursorResult[Any]", db.execute(delete(LoggedInteraction).where(which))).rowcount


def _row(person: str, one: Interaction) -> dict[str, Any]:
    return {
        "person": person, "id": one.id, "kind": one.kind, "subject": one.subject, "at": one.at, "source": one.source,
        "text": one.text, "labels": list(one.labels), "value_minor": one.value_minor, "channel": one.channel,
        "starts_at": one.starts_at,
    }  # fmt: skip


def _interaction(row: LoggedInteraction) -> Interaction:
    return Interaction(
        row.id, row.kind, row.subject, row.at, row.source, row.text, tuple(row.labels), row.value_minor, row.channel,
        row.starts_at,
    )  # fmt: skip
