from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Presence(Table):
    """One stretch of time a person's browser was in a session room. One row is open while they are there."""

    __tablename__ = "calls_presences"
    __table_args__ = (
        CheckConstraint("joined_at <= seen_at"),
        CheckConstraint("left_at IS NULL OR left_at >= joined_at"),
        Index("calls_presences_booking", "booking_id", "joined_at"),
        Index("calls_presences_open", "booking_id", "user_id", unique=True, postgresql_where="left_at IS NULL"),
    )
    personal_data = "keep: needed to answer disputes"

    id: Mapped[str] = mapped_column(primary_key=True)
    booking_id: Mapped[str]
    user_id: Mapped[str]
    joined_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """The last sign of life."""
    left_at: Mapped[datetime | None]


class Record(Table):
    """What a session's attendance came to, written once it is over; it decides what is billed and who did not come."""

    __tablename__ = "calls_records"
    __table_args__ = (
        CheckConstraint("both_seconds BETWEEN 0 AND client_seconds"),
        CheckConstraint("both_seconds <= consultant_seconds"),
    )
    personal_data = "none"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    both_at: Mapped[datetime | None]
    """When both were there for the first time."""
    recorded_at: Mapped[datetime | None]
    client_seconds: Mapped[int] = mapped_column(default=0)
    consultant_seconds: Mapped[int] = mapped_column(default=0)
    both_seconds: Mapped[int] = mapped_column(default=0)
