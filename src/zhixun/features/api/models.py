from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class KeptAnswer(Table):
    """What a write answered, for whoever sends it again with the same key.

    The row is written in the transaction of the change itself: both are there or neither. A second request with the
    key waits at the primary key until the first has ended; a crash leaves no row and so nothing stuck.
    """

    __tablename__ = "api_kept_answers"
    personal_data = "erase"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    answer: Mapped[str | None]
    """The exact JSON; none where doing it again is harmless and the answer would hold somebody's words."""


class ApiKey(Table):
    """A program's own way in, in the name of a person. Only the hash of its token is stored."""

    __tablename__ = "api_keys"
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    read_only: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """The last time, to the hour."""
