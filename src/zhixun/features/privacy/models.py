from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Consent(Table):
    """One yes, and when it was taken back. Rows are never changed otherwise: they are the proof."""

    __tablename__ = "privacy_consents"
    __table_args__ = (
        Index(
            "privacy_consents_standing", "user_id", "purpose", "version",
            unique=True, postgresql_where="withdrawn_at IS NULL",
        ),
        Index("privacy_consents_user", "user_id", "given_at"),
    )  # fmt: skip
    personal_data = "keep: the law asks us to prove who agreed to what"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    purpose: Mapped[str]
    version: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Erasure(Table):
    """That somebody was erased, when, by whom, what went and what stayed. Holds an id and counts, no words of theirs."""

    __tablename__ = "privacy_erasures"
    personal_data = "keep: proves that an erasure was done, and is done again after a backup is restored"
    belongs_to = ("person_id",)

    person_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    report: Mapped[list[dict[str, Any]]]
    verified_at: Mapped[datetime | None]
    leftovers: Mapped[list[str]]
