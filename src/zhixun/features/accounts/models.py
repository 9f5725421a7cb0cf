from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


class User(Table):
    __tablename__ = "accounts_users"
    personal_data = "erase"
    belongs_to = ("id",)

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[Sealed] = sealed_for("id")
    name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    zone: Mapped[str]
    language: Mapped[str]
    created_at: Mapped[datetime]
    email_index: Mapped[str] = mapped_column(unique=True)
    """Finds a person by their address without telling it (vault.blind)."""


class SignIn(Table):
    """One device or script that is signed in. Only the hash of its token is stored."""

    __tablename__ = "accounts_sign_ins"
    personal_data = "erase"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    user_agent: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class FailedTry(Table):
    """A wrong password, kept for a quarter of an hour, so that guessing is slow on every process."""

    __tablename__ = "accounts_failed_tries"
    __table_args__ = (Index("accounts_failed_tries_email_at", "email_index", "at"),)
    personal_data = "erase"
    kept_for = ("at", 1)

    id: Mapped[str] = mapped_column(primary_key=True)
    email_index: Mapped[str]
    at: Mapped[datetime]
