from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Model(Table):
    """What was learnt of which consultants are chosen by the same people. One is live."""

    __tablename__ = "recommend_models"
    __table_args__ = (Index("recommend_models_live", "live", unique=True, postgresql_where="live"),)
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    trainer: Mapped[str]
    live: Mapped[bool]
    trained_until: Mapped[datetime]
    weights: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]


class Suggested(Table):
    """Who is suggested to a person now, and why, so that a page only has to show it."""

    __tablename__ = "recommend_suggested"
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    items: Mapped[list[dict[str, Any]]]
    made_at: Mapped[datetime]
