from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


class Conversation(Table):
    """What a client and a consultant share. Whoever adds a message locks this row, so numbers have no gaps."""

    __tablename__ = "messaging_conversations"
    __table_args__ = (
        CheckConstraint("client_id <> consultant_id"),
        CheckConstraint("client_read_seq BETWEEN 0 AND last_seq"),
        CheckConstraint("consultant_read_seq BETWEEN 0 AND last_seq"),
        Index("messaging_conversations_client", "client_id", "last_at"),
        Index("messaging_conversations_consultant", "consultant_id", "last_at"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    consultant_id: Mapped[str]
    last_seq: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    """When the last message came; of an empty conversation, when it was opened."""
    client_read_seq: Mapped[int] = mapped_column(default=0)
    consultant_read_seq: Mapped[int] = mapped_column(default=0)


class Message(Table):
    __tablename__ = "messaging_messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "sender_id", "key"),
        CheckConstraint("seq >= 1"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("messaging_conversations.id"))
    seq: Mapped[int]
    key: Mapped[str]
    """The id its sender chose ("client_id" on the wire): sent twice, stored once."""
    sender_id: Mapped[str]
    text: Mapped[Sealed] = sealed_for("sender_id")
    reply_to: Mapped[str | None]
    at: Mapped[datetime]
