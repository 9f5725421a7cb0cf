from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
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
    unconfirmed_since: Mapped[datetime | None]
    """When they were asked to confirm their address; None where they have, or nobody asked."""


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
    proved_until: Mapped[datetime]
    """Until when its holder need not show again that it is them, before what cannot be taken back."""
    second_factor: Mapped[bool]
    """Whether its holder has shown a second factor, then or since."""


class FailedTry(Table):
    """A wrong password or code, kept for a quarter of an hour, so that guessing is slow on every process."""

    __tablename__ = "accounts_failed_tries"
    __table_args__ = (Index("accounts_failed_tries_email_at", "email_index", "at"),)
    personal_data = "erase"
    kept_for = ("at", 1)

    id: Mapped[str] = mapped_column(primary_key=True)
    email_index: Mapped[str]
    at: Mapped[datetime]


class App(Table):
    """A person's authenticator app: the secret it counts codes from. Asked for once it is confirmed."""

    __tablename__ = "accounts_apps"
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[Sealed] = sealed_for("user_id")
    last_step: Mapped[int] = mapped_column(BigInteger)
    """The count of the last code that was taken: it and those before are refused."""
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Table):
    __tablename__ = "accounts_recovery_codes"
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Passkey(Table):
    __tablename__ = "accounts_passkeys"
    __table_args__ = (CheckConstraint("sign_count >= 0"),)
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(index=True)
    credential_id: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Door(Table):
    """Somebody gave the right password and is asked for their second factor."""

    __tablename__ = "accounts_doors"
    personal_data = "erase"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(index=True)
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Challenge(Table):
    """What a passkey has to sign, kept with the sign-in, the door or the browser it was given to."""

    __tablename__ = "accounts_challenges"
    personal_data = "none"

    holder_hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    challenge: Mapped[bytes]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class MailLink(Table):
    """A link that went out by mail. Its token is made from its id under the house's key; the table holds the hash."""

    __tablename__ = "accounts_mail_links"
    __table_args__ = (CheckConstraint("kind IN ('password', 'confirm', 'change')"),)
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    address: Mapped[Sealed] = sealed_for("user_id")
    """The one it went to; empty where that is the person's own."""
    address_index: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Device(Table):
    """A browser someone has signed in with, known again by a cookie of its own."""

    __tablename__ = "accounts_devices"
    personal_data = "erase"
    kept_for = ("seen_at", 400)

    user_id: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Block(Table):
    """Someone wants no more bookings and messages from another. It is the blocker's own: the other never learns of it."""

    __tablename__ = "accounts_blocks"
    __table_args__ = (CheckConstraint("blocker_id <> blocked_id"), Index("accounts_blocks_blocked", "blocked_id"))
    personal_data = "erase"
    belongs_to = ("blocker_id",)

    blocker_id: Mapped[str] = mapped_column(primary_key=True)
    blocked_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
