"""One unit of work: one transaction, one instant, one actor, and the facts it produced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session as SqlSession

from . import audit, outbox
from .event import Event
from .tables import Session
from .values import SYSTEM, Actor, utc_now


@dataclass(frozen=True)
class UnitOfWork:
    db: SqlSession
    now: datetime
    actor: Actor
    facts: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """State a fact. It is stored with this transaction and delivered after it commits."""
        self.facts.append(event)


@contextmanager
def unit_of_work(actor: Actor = SYSTEM, now: datetime | None = None) -> Iterator[UnitOfWork]:
    """Commits when the block ends, rolls back when it raises. Never wait for a network inside."""
    with Session.begin() as db:
        uow = UnitOfWork(db, now or utc_now(), actor)
        yield uow
        db.flush()
        if actor.is_a("operator"):
            audit.record_facts(uow)
        outbox.store(db, uow.facts)
