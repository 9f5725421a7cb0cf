from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.personal import OpenMatter
from zhixun.kernel.sealed import Letter
from zhixun.kernel.values import Actor, Money

from .models import Dispute, Statement
from .rules import Outcome, State


@dataclass(frozen=True)
class DisputeView:
    id: str
    booking_id: str
    client_id: str
    consultant_id: str
    state: State
    reason: str
    asked: Money
    back: Money | None
    outcome: Outcome | None
    opened_at: datetime
    due_at: datetime | None
    decided_at: datetime | None

    def turn_of(self) -> str:
        """Whose silence would decide: consultant, both, operator, or nobody."""
        return {State.OPEN: "consultant", State.EVIDENCE: "both", State.RULING: "operator"}.get(self.state, "")


@dataclass(frozen=True)
class StatementLine:
    id: str
    by: str
    role: str
    words: str
    at: datetime


def dispute_about(db: Session, booking_id: str) -> DisputeView | None:
    """The dispute about a session, for callers that have already decided who may see the session."""
    row = db.scalar(select(Dispute).where(Dispute.booking_id == booking_id))
    return _view(row) if row else None


def dispute(db: Session, dispute_id: str) -> DisputeView:
    """For the desk. Raises NotFound."""
    row = db.get(Dispute, dispute_id)
    if row is None:
        raise NotFound
    return _view(row)


def disputes(db: Session, *, state: str = "", limit: int = 50) -> list[DisputeView]:
    """Those that wait, the one whose time ends first on top; then the decided ones, the newest first."""
    wanted = select(Dispute)
    if state:
        wanted = wanted.where(Dispute.state == state)
    rows = db.scalars(wanted.order_by(Dispute.due_at.asc().nulls_last(), Dispute.decided_at.desc()).limit(limit))
    return [_view(row) for row in rows]


def statements_of(db: Session, dispute_id: str, reader: Actor) -> list[StatementLine]:
    """What was said, in its order. An operator who reads it leaves a line that its writers see."""
    rows = db.scalars(
        select(Statement).where(Statement.dispute_id == dispute_id).order_by(Statement.at, Statement.id)
    ).all()
    letters = [Letter(row.id, row.by, row.words) for row in rows]
    texts = sealed.unseal_many(db, Statement.words, letters, reader=reader if reader.is_a("operator") else None)
    return [StatementLine(row.id, row.by, row.role, text, row.at) for row, text in zip(rows, texts, strict=True)]


def due(db: Session, now: datetime, *, limit: int = 200) -> list[str]:
    """Ids of disputes in which silence decides now."""
    return list(db.scalars(select(Dispute.id).where(Dispute.due_at <= now).order_by(Dispute.id).limit(limit)))


def waiting_count(db: Session) -> int:
    return db.scalar(select(func.count()).select_from(Dispute).where(Dispute.state == State.RULING)) or 0


def open_matters(db: Session, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet."""
    theirs = or_(Dispute.client_id == person_id, Dispute.consultant_id == person_id)
    open_one = db.scalar(select(Dispute.booking_id).where(theirs, Dispute.state != State.DECIDED).limit(1))
    said = N_("A dispute of yours is not decided yet.")
    return [OpenMatter(said, f"/sessions/{open_one}/dispute")] if open_one else []


def _view(row: Dispute) -> DisputeView:
    return DisputeView(
        row.id, row.booking_id, row.client_id, row.consultant_id, State(row.state), row.reason,
        Money(row.asked_minor, row.currency),
        Money(row.back_minor, row.currency) if row.back_minor is not None else None,
        Outcome(row.outcome) if row.outcome else None, row.opened_at, row.due_at, row.decided_at,
    )  # fmt: skip
