from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


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
