from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table
from zhixun.kernel.values import Words


class PriceRuleRow(Table):
    """One version of a line of a price table: of the house ("house") or of one consultant. What was in force stays;
    another factor is another version from a moment on."""

    __tablename__ = "plans_price_rules"
    __table_args__ = (
        CheckConstraint("until_at > from_at"),
        Index(
            "plans_price_rules_one_standing",
            "owner_id",
            "kind",
            "value",
            unique=True,
            postgresql_where="until_at IS NULL",
        ),
        CheckConstraint("kind IN ('seniority', 'evening', 'weekend', 'urgent', 'floor', 'cap')"),
        CheckConstraint("factor_bps BETWEEN 5000 AND 20000"),
    )
    personal_data = "none"

    owner_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    factor_bps: Mapped[int]
    from_at: Mapped[datetime] = mapped_column(primary_key=True)
    until_at: Mapped[datetime | None]


class Package(Table):
    """What a consultant sells several of at once: sessions of one service, or minutes of any of theirs."""

    __tablename__ = "plans_packages"
    __table_args__ = (
        CheckConstraint("quantity > 0"),
        CheckConstraint("price_minor > 0"),
        CheckConstraint("(unit = 'session') = (service_id IS NOT NULL)"),
    )
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    service_id: Mapped[str | None]
    title: Mapped[Words]
    unit: Mapped[str]
    quantity: Mapped[int]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    valid_days: Mapped[int]
    active: Mapped[bool]
    created_at: Mapped[datetime]


class Membership(Table):
    """What the house sells by the month: `included` sessions up to a price, and a percentage off everything."""

    __tablename__ = "plans_memberships"
    __table_args__ = (
        CheckConstraint("price_minor > 0"),
        CheckConstraint("included >= 0"),
        CheckConstraint("discount_bps BETWEEN 0 AND 5000"),
    )
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[Words]
    note: Mapped[Words]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    included: Mapped[int]
    included_max_minor: Mapped[int] = mapped_column(BigInteger)
    discount_bps: Mapped[int]
    active: Mapped[bool]
    created_at: Mapped[datetime]


class Order(Table):
    """Someone wants a package or a membership, or a membership is to go on for another month (`holding_id`)."""

    __tablename__ = "plans_orders"
    __table_args__ = (CheckConstraint("amount_minor > 0"), CheckConstraint("state IN ('open', 'fulfilled', 'refused')"))
    personal_data = "keep: the law asks for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    """package, membership or renewal."""
    product_id: Mapped[str]
    holding_id: Mapped[str]
    payment_id: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    fulfilled_at: Mapped[datetime | None]


class Holding(Table):
    """What someone has bought: how much of it is left and until when. Agreed terms are frozen here."""

    __tablename__ = "plans_holdings"
    __table_args__ = (
        CheckConstraint("left_units BETWEEN 0 AND quantity_units"),
        CheckConstraint("state IN ('active', 'ended')"),
        Index("plans_holdings_person", "person_id", "state"),
        Index("plans_holdings_due", "expires_at", postgresql_where="state = 'active'"),
        Index(
            "plans_holdings_one_membership", "person_id", unique=True,
            postgresql_where="state = 'active' AND kind = 'membership'",
        ),
    )  # fmt: skip
    personal_data = "keep: paid for and still owed, and needed for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    kind: Mapped[str]
    product_id: Mapped[str]
    consultant_id: Mapped[str | None]
    service_id: Mapped[str | None]
    title: Mapped[Words]
    unit: Mapped[str]
    quantity_units: Mapped[int] = mapped_column(BigInteger)
    left_units: Mapped[int] = mapped_column(BigInteger)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    list_minor: Mapped[int] = mapped_column(BigInteger)
    """What one session or minute cost singly when this was bought."""
    currency: Mapped[str]
    included_max_minor: Mapped[int] = mapped_column(BigInteger)
    discount_bps: Mapped[int]
    bought_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    periods: Mapped[int]
    renews: Mapped[bool]
    grace_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    state: Mapped[str]
    ended_reason: Mapped[str | None]
    order_id: Mapped[str]
    """The order that paid for it last."""


class Funding(Table):
    """What pays for a booking instead of its client's money: parts of accounts, and units of a holding."""

    __tablename__ = "plans_fundings"
    __table_args__ = (CheckConstraint("returned_minor >= 0"), CheckConstraint("units >= returned_units"))
    personal_data = "keep: the law asks for the books"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(index=True)
    holding_id: Mapped[str | None] = mapped_column(index=True)
    units: Mapped[int] = mapped_column(BigInteger)
    parts: Mapped[list[dict[str, Any]]]
    currency: Mapped[str]
    returned_minor: Mapped[int] = mapped_column(BigInteger)
    returned_units: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
