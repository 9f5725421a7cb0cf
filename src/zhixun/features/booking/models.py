from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table
from zhixun.kernel.values import Words


class Booking(Table):
    """What was agreed, frozen at the moment it was agreed: price, length, policy."""

    __tablename__ = "booking_bookings"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at"),
        CheckConstraint("price_minor >= 0"),
        CheckConstraint("courtesy_points >= 0"),
        CheckConstraint("moves >= moves_by_client AND moves_by_client >= 0"),
        CheckConstraint("free_until <= starts_at"),
        CheckConstraint("(state <> 'requested') OR (on_request AND answer_by <= starts_at)"),
        Index("booking_bookings_client", "client_id", "starts_at"),
        Index("booking_bookings_consultant", "consultant_id", "starts_at"),
        Index("booking_bookings_state_starts", "state", "starts_at"),
        Index("booking_bookings_created", "created_at"),
        Index("booking_bookings_series", "series_id", "starts_at", postgresql_where="series_id IS NOT NULL"),
        Index("booking_bookings_group", "group_id", postgresql_where="group_id IS NOT NULL"),
        Index(
            "booking_bookings_one_seat",
            "group_id",
            "client_id",
            unique=True,
            postgresql_where="group_id IS NOT NULL AND state IN ('held', 'confirmed', 'in_progress')",
        ),
        Index("booking_bookings_release", "release_at", postgresql_where="released_at IS NULL"),
    )
    personal_data = "keep: needed to answer disputes and for the books"
    belongs_to = ("client_id", "consultant_id")

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    consultant_id: Mapped[str]
    service_id: Mapped[str]
    payment_id: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    channel: Mapped[str]
    title: Mapped[Words]
    minutes: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    hold_expires_at: Mapped[datetime]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    commission_bps: Mapped[int]
    policy: Mapped[list[dict[str, Any]]]
    brief: Mapped[Sealed] = sealed_for("client_id")
    sensitive: Mapped[bool]
    created_at: Mapped[datetime]
    client_joined_at: Mapped[datetime | None]
    consultant_joined_at: Mapped[datetime | None]
    began_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]
    release_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(server_default="[]")
    """How the price came about, line by line in words."""
    first_starts_at: Mapped[datetime]
    """The start first agreed: what a cancellation gives back counts from it, wherever the session is moved."""
    moves: Mapped[int] = mapped_column(default=0)
    """How often it was moved; a calendar entry's SEQUENCE counts on from it."""
    moves_by_client: Mapped[int] = mapped_column(default=0)
    free_until: Mapped[datetime | None]
    """Set where the consultant moved it last: until then the client gets everything back."""
    series_id: Mapped[str | None]
    on_request: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether the consultant has to accept it, as the service asked when it was booked."""
    answer_by: Mapped[datetime | None] = mapped_column(index=True)
    """Until when they may; set once it is paid and asked of them."""
    group_id: Mapped[str | None]
    """Set where it is a seat in a group session: then the group has the consultant's time, and not the booking."""
    courtesy_points: Mapped[int] = mapped_column(default=0, server_default="0")
    """What the house gives the client besides, where the consultant calls it off or does not come: as it was said."""


class Series(Table):
    """Several bookings that were asked for and paid together. Each of them lives its own life from then on."""

    __tablename__ = "booking_series"
    __table_args__ = (CheckConstraint("sessions BETWEEN 2 AND 12"), CheckConstraint("weeks_apart IN (1, 2)"))
    personal_data = "keep: needed to answer disputes and for the books"
    belongs_to = ("client_id", "consultant_id")

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    consultant_id: Mapped[str]
    service_id: Mapped[str]
    payment_id: Mapped[str]
    starts_at: Mapped[datetime]
    weeks_apart: Mapped[int]
    sessions: Mapped[int]
    """How many the rule names; those that were left out are no bookings."""
    zone: Mapped[str]
    """On whose clock the time is the same every time."""
    created_at: Mapped[datetime]


class Answer(Table):
    """What a consultant said to a request: yes, or no with the reason the client reads."""

    __tablename__ = "booking_answers"
    personal_data = "erase"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    accepted: Mapped[bool]
    reason: Mapped[Sealed] = sealed_for("client_id")
    at: Mapped[datetime]


class DaysOff(Table):
    """A consultant cannot work from now until the end of a day: what stood there is called off, one by one."""

    __tablename__ = "booking_days_off"
    __table_args__ = (
        CheckConstraint("until > at"),
        Index("booking_days_off_open", "at", postgresql_where=text("done_at IS NULL")),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]
    until: Mapped[datetime]
    """The midnight, on their own clock, that ends the last of the days."""
    done_at: Mapped[datetime | None]
    """When nothing stood there any more."""


class Group(Table):
    """A time a consultant has set for several clients. It has the consultant's time under its own id; what clients have is
    seats."""

    __tablename__ = "booking_groups"
    __table_args__ = (
        CheckConstraint("seats BETWEEN 2 AND 30"),
        CheckConstraint("seats_min BETWEEN 1 AND seats"),
        CheckConstraint("decide_at < starts_at AND starts_at < ends_at"),
        CheckConstraint("state IN ('open', 'on', 'cancelled')"),
        Index("booking_groups_consultant", "consultant_id", "starts_at"),
        Index("booking_groups_deciding", "decide_at", postgresql_where="state = 'open'"),
    )
    personal_data = "keep: needed to answer disputes and for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str]
    service_id: Mapped[str]
    title: Mapped[Words]
    minutes: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    seats: Mapped[int]
    seats_min: Mapped[int]
    """With fewer seats paid at `decide_at` it does not take place."""
    decide_at: Mapped[datetime]
    state: Mapped[str]
    ended_reason: Mapped[str | None]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    created_at: Mapped[datetime]


class Seat(Table):
    """One seat of a group session. There are no more than were made with it, so no more can be taken."""

    __tablename__ = "booking_seats"
    __table_args__ = (CheckConstraint("number BETWEEN 1 AND 30"),)
    personal_data = "none"

    group_id: Mapped[str] = mapped_column(ForeignKey("booking_groups.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[str | None] = mapped_column(unique=True)


class Intake(Table):
    """What the client answered to their field's questions, as JSON with the questions as they were asked."""

    __tablename__ = "booking_intake"
    personal_data = "erase"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    answers: Mapped[Sealed] = sealed_for("client_id")
    at: Mapped[datetime]


class Step(Table):
    """One line of a booking's timeline."""

    __tablename__ = "booking_steps"
    personal_data = "keep: needed to answer disputes"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    """A user id, or "system" for the clock."""
    starts_at: Mapped[datetime | None]
    """The start agreed by this step, where it is another one than before."""


class Feed(Table):
    """A person's calendar to subscribe to. Its address is the id, signed: a new row makes the old address worthless."""

    __tablename__ = "booking_feeds"
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
