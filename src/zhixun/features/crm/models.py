from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table
from zhixun.kernel.values import Words


class Note(Table):
    """Something a colleague should know of a client. `owner` is "house" for the desk's, or the consultant whose own it is."""

    __tablename__ = "crm_notes"
    __table_args__ = (Index("crm_notes_client", "client_id", "owner", "at"),)
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    owner: Mapped[str]
    author_id: Mapped[str]
    text: Mapped[Sealed] = sealed_for("client_id")
    at: Mapped[datetime]


class Tag(Table):
    """A word the desk sorts clients by."""

    __tablename__ = "crm_tags"
    personal_data = "erase"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str]
    at: Mapped[datetime]


class Matter(Table):
    """A complaint, a suggestion, or a report of another person: it has a clock from the start, an owner when taken, and ends with an answer."""

    __tablename__ = "crm_matters"
    __table_args__ = (
        CheckConstraint("kind IN ('complaint', 'suggestion', 'report')"),
        CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)"),
        CheckConstraint("state = 'new' OR owner_id IS NOT NULL"),
        Index("crm_matters_open", "due_at", postgresql_where="answered_at IS NULL"),
        Index("crm_matters_person", "person_id", "filed_at"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    kind: Mapped[str]
    booking_id: Mapped[str | None]
    text: Mapped[Sealed] = sealed_for("person_id")
    filed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str]
    owner_id: Mapped[str | None]
    answer: Mapped[Sealed] = sealed_for("person_id")
    answered_at: Mapped[datetime | None]
    about_id: Mapped[str | None]
    """Who is reported; they are not told by whom."""


class Check(Table):
    """Two weeks after a session: did it help?"""

    __tablename__ = "crm_checks"
    __table_args__ = (
        CheckConstraint("helped IN ('yes', 'partly', 'no')"),
        CheckConstraint("(helped IS NULL) = (answered_at IS NULL)"),
    )
    personal_data = "erase"

    booking_id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    helped: Mapped[str | None]
    answered_at: Mapped[datetime | None]


class Campaign(Table):
    """A coupon for some of the clients. `key` decides who is held out; nobody sees it."""

    __tablename__ = "crm_campaigns"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'running', 'done', 'stopped')"),
        CheckConstraint("holdout_percent BETWEEN 5 AND 50"),
        CheckConstraint("state = 'draft' OR state = 'stopped' OR started_at IS NOT NULL"),
    )
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    text: Mapped[Words]
    code: Mapped[str]
    audience: Mapped[dict[str, Any]]
    holdout_percent: Mapped[int]
    key: Mapped[str]
    state: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str]


class Recipient(Table):
    """Someone in a campaign, in the part that is written to or in the one that is not."""

    __tablename__ = "crm_recipients"
    __table_args__ = (
        CheckConstraint("arm IN ('sent', 'held')"),
        CheckConstraint("arm = 'sent' OR sent_at IS NULL"),
        Index("crm_recipients_person", "person_id", "chosen_at"),
    )
    personal_data = "erase"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("crm_campaigns.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    arm: Mapped[str]
    chosen_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    skipped: Mapped[bool]
    """No longer agreed when their turn came."""
