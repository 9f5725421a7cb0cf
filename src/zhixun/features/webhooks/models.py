from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Endpoint(Table):
    """A program that hears facts. Its signing secret is derived from the house's key and `secret_version`, never stored."""

    __tablename__ = "webhooks_endpoints"
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    description: Mapped[str]
    kinds: Mapped[list[str]]
    active: Mapped[bool]
    secret_version: Mapped[int]
    created_at: Mapped[datetime]
    failing_since: Mapped[datetime | None]
    """The first try that went wrong after the last that went well."""


class Delivery(Table):
    """One fact for one program. The body holds ids only; it goes after thirty days."""

    __tablename__ = "webhooks_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'given_up')", name="webhooks_deliveries_state"),
        Index("webhooks_deliveries_due", "next_at", postgresql_where=text("state = 'waiting'")),
        Index("webhooks_deliveries_of", "endpoint_id", "created_at"),
    )
    personal_data = "erase"
    kept_for = ("created_at", 30)

    id: Mapped[str] = mapped_column(primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhooks_endpoints.id", ondelete="CASCADE"))
    kind: Mapped[str]
    body: Mapped[str]
    state: Mapped[str]
    tries: Mapped[int]
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    status: Mapped[int | None]
    problem: Mapped[str]
    answered_at: Mapped[datetime | None]
