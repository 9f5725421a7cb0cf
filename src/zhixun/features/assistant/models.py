from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


class ArticleRow(Table):
    """The newest text of a knowledge article."""

    __tablename__ = "assistant_articles"
    __table_args__ = (
        CheckConstraint("language IN ('zh', 'en')"),
        CheckConstraint("state IN ('draft', 'published', 'withdrawn')"),
        CheckConstraint("revision > 0"),
    )
    personal_data = "none"

    id: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str]
    kind: Mapped[str]
    field_id: Mapped[str]
    topic_ids: Mapped[list[str]]
    title: Mapped[str]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    revision: Mapped[int]
    shipped: Mapped[str]
    """A digest of the text as it came with the house; empty once someone here has changed it."""
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class RevisionRow(Table):
    """What an article said before, and what was done to it. Only added to."""

    __tablename__ = "assistant_revisions"
    personal_data = "keep: who published which words is part of what the house answers for"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    deed: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    state: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class Talk(Table):
    """A conversation with the assistant. `owner_id` is empty while its asker has not signed in."""

    __tablename__ = "assistant_talks"
    __table_args__ = (Index("assistant_talks_owner", "owner_id", "last_at"),)
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    turns: Mapped[int]
    began_at: Mapped[datetime]
    last_at: Mapped[datetime]


class Turn(Table):
    """One thing said in a conversation: by the asker, the assistant, or a person of the house."""

    __tablename__ = "assistant_turns"
    __table_args__ = (
        UniqueConstraint("talk_id", "seq"),
        CheckConstraint("kind IN ('question', 'answer', 'unknown', 'crisis', 'person', 'note')"),
        CheckConstraint("confidence BETWEEN 0 AND 1"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    talk_id: Mapped[str]
    seq: Mapped[int]
    kind: Mapped[str]
    text: Mapped[Sealed] = sealed_for("person_id")
    citations: Mapped[list[dict[str, Any]]]
    confidence: Mapped[float]
    consultant_ids: Mapped[list[str]]
    by: Mapped[str]
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(index=True)
    """Whose conversation it is; while its asker has not signed in, the conversation's own id."""


class HandOver(Table):
    """A conversation that a person of the house takes over. One at a time for each conversation."""

    __tablename__ = "assistant_hand_overs"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'answered', 'lapsed')"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)"),
        Index("assistant_hand_overs_open", "talk_id", unique=True, postgresql_where="state = 'waiting'"),
        Index("assistant_hand_overs_queue", "state", "asked_at"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    talk_id: Mapped[str]
    person_id: Mapped[str]
    note: Mapped[Sealed] = sealed_for("person_id")
    summary: Mapped[Sealed] = sealed_for("person_id")
    """JSON: it quotes the questions."""
    state: Mapped[str]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    answered_by: Mapped[str]
