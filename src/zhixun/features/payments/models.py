from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Payment(Table):
    __tablename__ = "payments_payments"
    __table_args__ = (CheckConstraint("amount_minor >= 0"),)
    personal_data = "keep: the law asks for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    payer_id: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    gateway: Mapped[str]
    state: Mapped[str]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    captured_at: Mapped[datetime | None]


class Part(Table):
    """What one payment pays of several purposes: a session of a series each. The parts sum up to the payment."""

    __tablename__ = "payments_parts"
    __table_args__ = (CheckConstraint("amount_minor >= 0"),)
    personal_data = "keep: the law asks for the books"

    purpose: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments_payments.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class Charge(Table):
    """One capture the provider reported. Its reference is unique, so no event counts twice."""

    __tablename__ = "payments_charges"
    __table_args__ = (UniqueConstraint("gateway", "provider_ref"), Index("payments_charges_at", "at"))
    personal_data = "keep: the law asks for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments_payments.id"), index=True)
    gateway: Mapped[str]
    provider_ref: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    settlement: Mapped[str]
    at: Mapped[datetime]


class ProviderEvent(Table):
    """One report of a provider that was heard, whatever came of it. Its reference is unique, so each is heard once."""

    __tablename__ = "payments_provider_events"
    personal_data = "keep: the law asks for the books"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    provider_ref: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[str] = mapped_column(index=True)
    outcome: Mapped[str]
    """A `Settlement`, or "failed"."""
    at: Mapped[datetime]


class Refund(Table):
    __tablename__ = "payments_refunds"
    __table_args__ = (CheckConstraint("amount_minor > 0"), Index("payments_refunds_completed", "completed_at"))
    personal_data = "keep: the law asks for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments_payments.id"), index=True)
    charge_id: Mapped[str] = mapped_column(ForeignKey("payments_charges.id"))
    purpose: Mapped[str] = mapped_column(index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str]
    """requested, then completed."""
    provider_ref: Mapped[str | None]
    requested_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(server_default="")
    """Why, in the words of the operator who asked for it."""
    asked_by: Mapped[str] = mapped_column(server_default="system")
    """A user id, or "system"."""


class Reconciliation(Table):
    """One day of one gateway, compared with the provider's own records; comparing again replaces it."""

    __tablename__ = "payments_reconciliations"
    personal_data = "none"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    charges: Mapped[int]
    """How many the provider has of that day."""
    refunds: Mapped[int]


class DifferenceRow(Table):
    __tablename__ = "payments_differences"
    __table_args__ = (
        ForeignKeyConstraint(
            ["gateway", "day"], ["payments_reconciliations.gateway", "payments_reconciliations.day"], ondelete="CASCADE"
        ),
    )
    personal_data = "keep: the law asks for the books"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    reference: Mapped[str]
    our_id: Mapped[str]
    theirs_minor: Mapped[int | None] = mapped_column(BigInteger)
    theirs_currency: Mapped[str | None]
    ours_minor: Mapped[int | None] = mapped_column(BigInteger)
    ours_currency: Mapped[str | None]
    proposed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Ledger lines: account, amount_minor, currency."""
