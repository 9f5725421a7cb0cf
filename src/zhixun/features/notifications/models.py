from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Notice(Table):
    """One thing a person is told in the app. Its words are made when shown, in the reader's language."""

    __tablename__ = "notifications_notices"
    __table_args__ = (Index("notifications_notices_user_at", "user_id", "at"),)
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[str]
    values: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    """When the mail of the same fact was handed over; None while it is still to be sent."""
