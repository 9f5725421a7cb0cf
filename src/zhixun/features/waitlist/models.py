from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table

OPEN = "state IN ('waiting', 'offered')"


class Place(Table):
    """Someone's place in the list of a service. Ids grow with time, so they are the order of the list."""

    __tablename__ = "waitlist_places"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'offered', 'taken', 'left', 'ended')"),
        CheckConstraint("part IN ('any', 'morning', 'afternoon', 'evening')"),
        CheckConstraint("unanswered >= 0"),
        Index("waitlist_places_once", "client_id", "service_id", unique=True, postgresql_where=OPEN),
        Index("waitlist_places_line", "consultant_id", "joined_at", postgresql_where=OPEN),
    )
    personal_data = "erase"
    belongs_to = ("client_id",)

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    consultant_id: Mapped[str]
    service_id: Mapped[str]
    state: Mapped[str]
    day: Mapped[date | None]
    part: Mapped[str]
    zone: Mapped[str]
    joined_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    unanswered: Mapped[int] = mapped_column(default=0)


class SeatPlace(Table):
    """Someone waits for a seat in a group session; offered one, once. Its id is the booking's that it may become."""

    __tablename__ = "waitlist_seats"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'offered', 'taken', 'left', 'ended')"),
        CheckConstraint("state NOT IN ('offered', 'taken') OR expires_at IS NOT NULL"),
        Index("waitlist_seats_once", "client_id", "group_id", unique=True, postgresql_where=OPEN),
        Index("waitlist_seats_line", "consultant_id", "joined_at", postgresql_where=OPEN),
    )
    personal_data = "erase"
    belongs_to = ("client_id",)

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    consultant_id: Mapped[str]
    group_id: Mapped[str]
    state: Mapped[str]
    zone: Mapped[str]
    joined_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """So long before the start that a seat can still be offered."""
    expires_at: Mapped[datetime | None]
    """Until when the seat is kept."""


class Offer(Table):
    """A freed time kept for one person. Two people are never offered overlapping times: the hold in the calendar sees to
    that; and nobody is offered the same time twice."""

    __tablename__ = "waitlist_offers"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'taken', 'refused', 'expired')"),
        CheckConstraint("expires_at > offered_at"),
        Index("waitlist_offers_one_each", "place_id", unique=True, postgresql_where="state = 'open'"),
        Index("waitlist_offers_one_time", "consultant_id", "starts_at", unique=True, postgresql_where="state = 'open'"),
        Index("waitlist_offers_not_again", "place_id", "starts_at", unique=True),
    )
    personal_data = "erase"
    belongs_to = ("client_id",)

    id: Mapped[str] = mapped_column(primary_key=True)
    """Also the hold's id in the calendar."""
    place_id: Mapped[str]
    client_id: Mapped[str]
    consultant_id: Mapped[str]
    starts_at: Mapped[datetime]
    state: Mapped[str]
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    booking_id: Mapped[str | None]
