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
    private_words: Mapped[Sealed] = sealed_for("client_id", row="booking_id")
    set_aside_at: Mapped[datetime | None]
    """When an appeal against it was upheld: it counts no longer and is shown to nobody else."""


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


class Summary(Table):
    """What a consultant wrote for the client after a session. `written_at` is when it was first there."""

    __tablename__ = "quality_summaries"
    __table_args__ = (Index("quality_summaries_consultant", "consultant_id", "written_at"),)
    personal_data = "erase"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    consultant_id: Mapped[str]
    text: Mapped[Sealed] = sealed_for("client_id")
    written_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class FollowUp(Table):
    """The one question that is included after a session, and its answer."""

    __tablename__ = "quality_follow_ups"
    __table_args__ = (CheckConstraint("(answer = '') = (answered_at IS NULL)"),)
    personal_data = "erase"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    question: Mapped[Sealed] = sealed_for("client_id")
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answer: Mapped[Sealed] = sealed_for("client_id")
    answered_at: Mapped[datetime | None]


class Appeal(Table):
    """A consultant says that a review should not count; someone at the desk decides, once."""

    __tablename__ = "quality_appeals"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        CheckConstraint("kind IN ('feedback', 'expert')"),
        CheckConstraint("(decided_at IS NULL) = (upheld IS NULL)"),
        Index("quality_appeals_open", "due_at", postgresql_where="decided_at IS NULL"),
        Index("quality_appeals_consultant", "consultant_id", "filed_at"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    """The id of the feedback, or of the expert's review."""
    consultant_id: Mapped[str]
    reason: Mapped[str]
    filed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    upheld: Mapped[bool | None]
    answer: Mapped[str]


class Model(Table):
    """What the nightly regression learned: its errors beside those of the mean. The newest counts."""

    __tablename__ = "quality_models"
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    trained_at: Mapped[datetime]
    sessions: Mapped[int]
    mae: Mapped[float]
    rmse: Mapped[float]
    r2: Mapped[float]
    mean_mae: Mapped[float]
    mean_r2: Mapped[float]
    used: Mapped[bool]
    """Better than always saying the mean; only then do its predictions stand."""
    weights: Mapped[dict[str, Any]]


class Prediction(Table):
    """What the regression says experts would say of a session nobody of them read."""

    __tablename__ = "quality_predictions"
    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5"),
        Index("quality_predictions_consultant", "consultant_id"),
    )
    personal_data = "erase"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str]
    model_id: Mapped[str]
    score: Mapped[float]
    held_at: Mapped[datetime]
