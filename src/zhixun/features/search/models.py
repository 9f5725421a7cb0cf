from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class FreeService(Table):
    """A service that is sold, with what is asked of its free times when somebody looks for one."""

    __tablename__ = "search_free_services"
    __table_args__ = (Index("search_free_services_horizon", "horizon_days", "zone"),)
    personal_data = "erase"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    """A number, because each of its many rows of starts carries it."""
    service_id: Mapped[str] = mapped_column(unique=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    channel: Mapped[str]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    notice_minutes: Mapped[int]
    horizon_days: Mapped[int]
    zone: Mapped[str]


class FreeRun(Table):
    """Starts that are free, an even step apart, in seconds since 1970, all of one day (UTC). The slot engine fills it.

    `free_at`: from when on, where a hold that lapses by itself keeps them."""

    __tablename__ = "search_free_runs"
    __table_args__ = (
        Index(
            "search_free_runs_when", "first",
            postgresql_include=["last", "service", "step_seconds", "free_at"],
        ),
    )  # fmt: skip
    personal_data = "erase"
    part_of = ("service", "search_free_services")

    service: Mapped[int] = mapped_column(
        ForeignKey("search_free_services.id", ondelete="CASCADE"), primary_key=True
    )  # fmt: skip
    first: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
    step_seconds: Mapped[int]
    free_at: Mapped[datetime | None]
