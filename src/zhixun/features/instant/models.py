from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


class Switch(Table):
    """A consultant says that they are there now, until a time."""

    __tablename__ = "instant_switches"
    personal_data = "erase"

    consultant_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    until: Mapped[datetime]


class Call(Table):
    """A question that is to be answered now. Once somebody has answered, the booking has its id."""

    __tablename__ = "instant_calls"
    __table_args__ = (
        CheckConstraint("state IN ('unpaid', 'ringing', 'answered', 'unanswered', 'withdrawn', 'lapsed')"),
        CheckConstraint("amount_minor >= 0"),
        CheckConstraint("(state = 'answered') = (consultant_id IS NOT NULL)"),
        CheckConstraint("state <> 'ringing' OR rings_until IS NOT NULL"),
        Index(
            "instant_calls_one_open", "client_id", unique=True, postgresql_where=text("state IN ('unpaid', 'ringing')")
        ),
    )
    personal_data = "erase"
    belongs_to = ("client_id",)

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    field_id: Mapped[str]
    channel: Mapped[str]
    minutes: Mapped[int]
    question: Mapped[Sealed] = sealed_for("client_id")
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    """What was paid: the most that one of those who are rung may cost."""
    currency: Mapped[str]
    payment_id: Mapped[str]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    pay_by: Mapped[datetime]
    rings_until: Mapped[datetime | None]
    consultant_id: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class Ring(Table):
    """One of the consultants a call rings, and the service they would answer with."""

    __tablename__ = "instant_rings"
    personal_data = "erase"
    belongs_to = ("consultant_id",)

    call_id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    service_id: Mapped[str]
    passed_at: Mapped[datetime | None]
    """When they said that they cannot take it."""
