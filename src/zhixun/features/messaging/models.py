from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


class Conversation(Table):
    """What a client and a consultant share, or everybody in a group session. Whoever adds a message locks this row, so
    numbers have no gaps."""

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
    group_id: Mapped[str | None]
    """Set for a group session's; `client_id` is then the group's id too, for it is nobody's alone."""


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


class MessageFile(Table):
    """A file sent with a message. What is in it lies sealed in the BlobStore, under the row's id."""

    __tablename__ = "messaging_files"
    __table_args__ = (
        CheckConstraint("bytes > 0"),
        CheckConstraint("seconds BETWEEN 0 AND 60"),
        Index("messaging_files_message", "message_id", "position"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messaging_messages.id"))
    conversation_id: Mapped[str]
    sender_id: Mapped[str]
    position: Mapped[int]
    name: Mapped[Sealed] = sealed_for("sender_id")
    media_type: Mapped[str]
    bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    removed_at: Mapped[datetime | None]
    seconds: Mapped[int] = mapped_column(server_default="0")
    """How long a voice note lasts; 0 for other files."""


class ContactSeen(Table):
    """A message that held a phone number or the like before two people's first session: its sender was told, and perhaps
    sent it all the same. The house counts these; the words are not in it."""

    __tablename__ = "messaging_contacts"
    __table_args__ = (
        CheckConstraint("kind IN ('phone', 'mail', 'wechat', 'qq', 'payment')"),
        Index("messaging_contacts_told", "told_at"),
    )
    personal_data = "erase"
    kept_for = ("told_at", 365)

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str]
    sender_id: Mapped[str]
    kind: Mapped[str]
    told_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
