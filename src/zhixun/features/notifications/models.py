from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Notice(Table):
    """One thing a person is told in the app. Its words are made when shown, in the reader's language."""

    __tablename__ = "notifications_notices"
    __table_args__ = (
        Index("notifications_notices_user_at", "user_id", "at"),
        Index(
            "notifications_notices_held", "mail_at",
            postgresql_where=text("mailed_at IS NULL AND mail_at > at AND bundle_id IS NULL"),
        ),
    )  # fmt: skip
    personal_data = "erase"
    kept_for = ("at", 365)

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[str]
    values: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    """When the mail was handed over; None while it is still to be sent."""
    shown: Mapped[bool] = mapped_column(default=True)
    """Whether its reader wants to see such notices in the app."""
    mail_at: Mapped[datetime | None]
    """When the mail of the same fact is due: at once, after quiet hours, or with the daily mail. None: no mail."""
    bundle_id: Mapped[str | None] = mapped_column(index=True)
    """Held back and now sent together with others; the id of that one mail."""


class Preference(Table):
    """What a person wants to be told, where and when. Who has no row wants everything at once."""

    __tablename__ = "notifications_preferences"
    __table_args__ = (
        CheckConstraint("(quiet_from = '') = (quiet_until = '')"),
        CheckConstraint("quiet_from = '' OR quiet_from <> quiet_until"),
    )
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    off: Mapped[list[str]]
    quiet_from: Mapped[str]
    quiet_until: Mapped[str]
    digest: Mapped[bool]


class Reminder(Table):
    """That a session's people were reminded. A session moved to another time is reminded of anew."""

    __tablename__ = "notifications_reminders"
    personal_data = "none"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    at: Mapped[datetime]
