from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table
from zhixun.kernel.values import Words


class Feedback(Table):
    """A client's answers after a session. The public part of it is the review."""

    __tablename__ = "quality_feedback"
    __table_args__ = (
        CheckConstraint("least(accuracy, clarity, actionable, boundaries, punctual) >= 1"),
        CheckConstraint("greatest(accuracy, clarity, actionable, boundaries, punctual) <= 5"),
        CheckConstraint("nps BETWEEN 0 AND 10"),
        Index("quality_feedback_consultant", "consultant_id", "at"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    booking_id: Mapped[str] = mapped_column(unique=True)
    client_id: Mapped[str] = mapped_column(index=True)
    consultant_id: Mapped[str]
    accuracy: Mapped[int] = mapped_column(SmallInteger)
    clarity: Mapped[int] = mapped_column(SmallInteger)
    actionable: Mapped[int] = mapped_column(SmallInteger)
    boundaries: Mapped[int] = mapped_column(SmallInteger)
    punctual: Mapped[int] = mapped_column(SmallInteger)
    nps: Mapped[int] = mapped_column(SmallInteger)
    solved: Mapped[str]
    words: Mapped[str]
    """Of a public review; what is for the house alone stands in `private_words`."""
    public: Mapped[bool]
    service_title: Mapped[Words]
    at: Mapped[datetime]
    private_words: Mapped[Sealed] = sealed_for("client_id")
