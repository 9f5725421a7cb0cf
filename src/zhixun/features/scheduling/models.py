from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import DDL, BigInteger, CheckConstraint, Identity, Index, event
from sqlalchemy.dialects.postgresql import INT8RANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class CalendarRow(Table):
    """A consultant's zone and weekly hours. Locking this row orders everyone who wants a time of this consultant."""

    __tablename__ = "scheduling_calendars"
    personal_data = "erase"

    consultant_id: Mapped[str] = mapped_column(primary_key=True)
    consultant_no: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    """A number for the overlap rule: gist knows ranges of integers without any extension."""
    zone: Mapped[str]
    hours: Mapped[list[dict[str, Any]]]


class OverrideRow(Table):
    """One date that differs from the weekly hours; no openings means closed."""

    __tablename__ = "scheduling_overrides"
    personal_data = "erase"

    consultant_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    openings: Mapped[list[Any]] = mapped_column(type_=Table.type_annotation_map[list[dict[str, Any]]])


class TakenTime(Table):
    """A time held or taken. `during` is the time with its buffers, in seconds since 1970."""

    __tablename__ = "scheduling_times"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at"),
        CheckConstraint("state IN ('held', 'taken', 'lapsed', 'released')"),
        Index("scheduling_times_consultant", "consultant_id", "starts_at", postgresql_where="standing"),
        Index("scheduling_times_lapsing", "expires_at", postgresql_where="standing AND state = 'held'"),
    )
    personal_data = "keep: shows who had which time"

    hold_id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str]
    consultant_no: Mapped[int] = mapped_column(BigInteger)
    owner_id: Mapped[str]
    state: Mapped[str]
    standing: Mapped[bool]
    """Whether it keeps others out: held (until it lapses) or taken."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    buffer_before_minutes: Mapped[int]
    buffer_after_minutes: Mapped[int]
    during: Mapped[Range[int]] = mapped_column(INT8RANGE)
    expires_at: Mapped[datetime | None]


NO_OVERLAP = "scheduling_times_no_overlap"

event.listen(
    TakenTime.__table__,
    "after_create",
    DDL(
        f"ALTER TABLE scheduling_times ADD CONSTRAINT {NO_OVERLAP} EXCLUDE USING gist "
        "(int8range(consultant_no, consultant_no, '[]') WITH &&, during WITH &&) WHERE (standing)"
    ),
)
