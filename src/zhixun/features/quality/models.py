from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint
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


class Case(Table):
    """A held session that experts read; its id is the booking's. Its client agreed to it."""

    __tablename__ = "quality_cases"
    __table_args__ = (
        UniqueConstraint("id", "client_id", "consultant_id"),
        CheckConstraint("seats BETWEEN 2 AND 3"),
        CheckConstraint("due_at > opened_at"),
        Index("quality_cases_open", "due_at", postgresql_where="closed_at IS NULL"),
        Index("quality_cases_consultant", "consultant_id", "opened_at"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    consultant_id: Mapped[str]
    field_id: Mapped[str]
    seats: Mapped[int] = mapped_column(SmallInteger)
    """How many experts it needs: two, or three where the first two are far apart."""
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ExpertReview(Table):
    """One expert's seat at a session: taken first, then filled. Nobody has two at one session, and nobody one at their
    own: the two people's ids are copied here from the case, and a foreign key keeps the copies true."""

    __tablename__ = "quality_expert_reviews"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "client_id", "consultant_id"],
            ["quality_cases.id", "quality_cases.client_id", "quality_cases.consultant_id"],
        ),
        UniqueConstraint("case_id", "reviewer_id"),
        UniqueConstraint("case_id", "seat"),
        CheckConstraint("reviewer_id <> client_id AND reviewer_id <> consultant_id"),
        CheckConstraint("seat BETWEEN 1 AND 3"),
        CheckConstraint("score BETWEEN 1 AND 5"),
        CheckConstraint("(given_at IS NULL) = (score IS NULL)"),
        Index("quality_expert_reviews_reviewer", "reviewer_id", "given_at"),
        Index("quality_expert_reviews_consultant", "consultant_id", "given_at"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    client_id: Mapped[str]
    consultant_id: Mapped[str]
    reviewer_id: Mapped[str]
    seat: Mapped[int] = mapped_column(SmallInteger)
    taken_at: Mapped[datetime]
    due_at: Mapped[datetime]
    given_at: Mapped[datetime | None]
    marks: Mapped[dict[str, Any]]
    """Line of the rubric → 1 to 5."""
    score: Mapped[float | None]
    good: Mapped[str]
    learn: Mapped[str]
    set_aside_at: Mapped[datetime | None]
    """When an appeal against it was upheld: it counts no longer."""
