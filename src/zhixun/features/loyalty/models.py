from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table
from zhixun.kernel.values import Words


class CouponRow(Table):
    """A coupon, and how much of it has been used: never more than its limits, by constraint."""

    __tablename__ = "loyalty_coupons"
    __table_args__ = (
        CheckConstraint("used >= 0 AND (uses_max IS NULL OR used <= uses_max)", name="loyalty_coupons_uses"),
        CheckConstraint(
            "spent_minor >= 0 AND (budget_minor IS NULL OR spent_minor <= budget_minor)", name="loyalty_coupons_budget"
        ),
        CheckConstraint("valid_until > valid_from", name="loyalty_coupons_valid"),
    )
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[Words]
    kind: Mapped[str]
    percent_bps: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    off_max_minor: Mapped[int | None] = mapped_column(BigInteger)
    minimum_minor: Mapped[int] = mapped_column(BigInteger)
    field_id: Mapped[str | None]
    consultant_id: Mapped[str | None]
    first_booking: Mapped[bool]
    listed: Mapped[bool]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    per_person_max: Mapped[int]
    uses_max: Mapped[int | None]
    budget_minor: Mapped[int | None] = mapped_column(BigInteger)
    used: Mapped[int]
    spent_minor: Mapped[int] = mapped_column(BigInteger)
    paused: Mapped[bool]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class CouponUse(Table):
    """A coupon taken for one booking. `counts` until the whole of it has come back."""

    __tablename__ = "loyalty_coupon_uses"
    __table_args__ = (Index("loyalty_coupon_uses_person", "coupon_id", "person_id"),)
    personal_data = "keep: the law asks for the books"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    coupon_id: Mapped[str]
    person_id: Mapped[str]
    off_minor: Mapped[int] = mapped_column(BigInteger)
    returned_minor: Mapped[int] = mapped_column(BigInteger)
    counts: Mapped[bool]
    at: Mapped[datetime]


class Lot(Table):
    """Points earned at one time; they expire together. The balance is also in the books, as points:<person>."""

    __tablename__ = "loyalty_lots"
    __table_args__ = (
        CheckConstraint("left_points BETWEEN 0 AND points", name="loyalty_lots_left"),
        Index("loyalty_lots_person", "person_id", "expires_at"),
        Index("loyalty_lots_due", "expires_at", postgresql_where="left_points > 0"),
    )
    personal_data = "keep: earned and still owed, and needed for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The id of the booking that earned them."""
    person_id: Mapped[str]
    points: Mapped[int] = mapped_column(BigInteger)
    left_points: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    taken_back: Mapped[int] = mapped_column(BigInteger)
    earned_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Spend(Table):
    """Points that pay for part of one booking, and the lots they came from."""

    __tablename__ = "loyalty_spends"
    __table_args__ = (CheckConstraint("returned_points BETWEEN 0 AND points", name="loyalty_spends_returned"),)
    personal_data = "keep: the law asks for the books"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(index=True)
    points: Mapped[int] = mapped_column(BigInteger)
    returned_points: Mapped[int] = mapped_column(BigInteger)
    lots: Mapped[list[dict[str, Any]]]
    at: Mapped[datetime]
