from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


class Dispute(Table):
    """One per session at most. `due_at` is when silence decides; only what is decided has none."""

    __tablename__ = "disputes_disputes"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'evidence', 'ruling', 'decided')"),
        CheckConstraint("asked_minor > 0"),
        CheckConstraint("back_minor BETWEEN 0 AND asked_minor"),
        CheckConstraint("(state = 'decided') = (due_at IS NULL)"),
        CheckConstraint("(state = 'decided') = (outcome IS NOT NULL)"),
        CheckConstraint("(state = 'decided') = (decided_at IS NOT NULL)"),
        Index("disputes_disputes_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    )
    personal_data = "keep: needed to answer disputes and for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    booking_id: Mapped[str] = mapped_column(unique=True)
    client_id: Mapped[str]
    consultant_id: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    asked_minor: Mapped[int] = mapped_column(BigInteger)
    back_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str]
    outcome: Mapped[str | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]


class Statement(Table):
    """What one of them, or the house, says in a dispute."""

    __tablename__ = "disputes_statements"
    __table_args__ = (Index("disputes_statements_dispute", "dispute_id", "at"),)
    personal_data = "erase"
    belongs_to = ("by",)

    id: Mapped[str] = mapped_column(primary_key=True)
    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes_disputes.id"))
    by: Mapped[str]
    role: Mapped[str]
    """client, consultant, operator."""
    words: Mapped[Sealed] = sealed_for("by")
    at: Mapped[datetime]
