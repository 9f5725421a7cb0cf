from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Identity, Index, event, text
from sqlalchemy.dialects.postgresql import INT8RANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


class CalendarRow(Table):
    """A consultant's zone and weekly hours. Locking this row orders everyone who wants a time of this consultant."""

    __tablename__ = "scheduling_calendars"
    __table_args__ = (
        Index("scheduling_calendars_changed", "consultant_id", postgresql_where="times_version <> written_version"),
        Index("scheduling_calendars_written", "written_until"),
    )
    personal_data = "erase"

    consultant_id: Mapped[str] = mapped_column(primary_key=True)
    consultant_no: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    """A number for the overlap rule: gist knows ranges of integers without any extension."""
    zone: Mapped[str]
    hours: Mapped[list[dict[str, Any]]]
    times_version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    """Grows, in the same transaction, with everything that may change what is offered. What only time changes (notice,
    horizon, holds that lapse) does not count: who asks applies the clock."""
    written_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """The times_version that the free times elsewhere were last written out from, and until when they reach far enough."""
    written_until: Mapped[datetime | None]


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


class BusyCalendar(Table):
    """A calendar the consultant keeps elsewhere: an ICS file, or with a login a CalDAV collection. Who knows its address
    can read it, so the address is sealed."""

    __tablename__ = "scheduling_busy_calendars"
    __table_args__ = (
        CheckConstraint("NOT writes OR octet_length(secret) > 0", name="scheduling_busy_calendars_writable"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    address: Mapped[Sealed] = sealed_for("consultant_id")
    added_at: Mapped[datetime]
    synced_at: Mapped[datetime | None]
    """When it was last read whole."""
    problem: Mapped[str]
    """Why it could not be read at the last try (rules.Problem); empty where it could."""
    user_name: Mapped[Sealed] = sealed_for("consultant_id")
    secret: Mapped[Sealed] = sealed_for("consultant_id")
    """The password that belongs to it; empty where there is no login."""
    writes: Mapped[bool]
    """Whether the consultant's sessions are put into it."""
    write_problem: Mapped[str]
    """Why sessions could not be put into it at the last try; empty where they could, or need not."""


class BusyTime(Table):
    """A time the consultant is busy elsewhere. Nothing but from and until is kept of what stands there."""

    __tablename__ = "scheduling_busy_times"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="scheduling_busy_times_forwards"),
        Index("scheduling_busy_times_of", "consultant_id", "ends_at"),
    )
    personal_data = "erase"

    calendar_id: Mapped[str] = mapped_column(
        ForeignKey("scheduling_busy_calendars.id", ondelete="CASCADE"), primary_key=True
    )
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    consultant_id: Mapped[str]


NO_OVERLAP = "scheduling_times_no_overlap"

SERVICES_COUNT = """
CREATE FUNCTION scheduling_services_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE scheduling_calendars SET times_version = times_version + 1
    WHERE consultant_id = CASE WHEN TG_OP = 'DELETE' THEN OLD.consultant_id ELSE NEW.consultant_id END;
  RETURN NULL;
END $$;
CREATE TRIGGER catalog_services_count AFTER INSERT OR UPDATE OR DELETE ON catalog_services
  FOR EACH ROW EXECUTE FUNCTION scheduling_services_count();
"""
"""What a service asks of a time belongs to what is offered. The catalogue knows nothing of calendars, and a fact would
tell of it a second late: so the database counts."""

event.listen(
    TakenTime.__table__,
    "after_create",
    DDL(
        f"ALTER TABLE scheduling_times ADD CONSTRAINT {NO_OVERLAP} EXCLUDE USING gist "
        "(int8range(consultant_no, consultant_no, '[]') WITH &&, during WITH &&) WHERE (standing)"
    ),
)
event.listen(Table.metadata, "after_create", DDL(SERVICES_COUNT))
