from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.sealed import Sealed, sealed_for
from zhixun.kernel.tables import Table


class Claim(Table):
    """A credential that a consultant hands in. It is verified by two different people, or not at all."""

    __tablename__ = "credentials_claims"
    __table_args__ = (
        CheckConstraint("state IN ('submitted', 'verified', 'refused', 'withdrawn', 'lapsed', 'expired')"),
        CheckConstraint("expires_on IS NULL OR expires_on >= issued_on"),
        CheckConstraint("(state = 'submitted') = (decided_at IS NULL)"),
        CheckConstraint(
            "state NOT IN ('verified', 'expired') OR (first_by <> '' AND second_by <> '' AND first_by <> second_by)"
        ),
        CheckConstraint("consultant_id NOT IN (first_by, second_by)"),
        CheckConstraint("state <> 'refused' OR reason <> ''"),
        Index("credentials_claims_queue", "state", "submitted_at"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    number: Mapped[Sealed] = sealed_for("consultant_id")
    number_shown: Mapped[str]
    issuer: Mapped[str]
    issued_on: Mapped[date]
    expires_on: Mapped[date | None]
    note: Mapped[Sealed] = sealed_for("consultant_id")
    state: Mapped[str]
    submitted_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    first_by: Mapped[str]
    second_by: Mapped[str]
    reason: Mapped[str]
    expiry_told_at: Mapped[datetime | None]


class ClaimScan(Table):
    """A scan of a credential. What is in it lies sealed in the BlobStore, under the row's id, for as long as the credential
    waits or holds."""

    __tablename__ = "credentials_scans"
    __table_args__ = (
        UniqueConstraint("claim_id", "position"),
        CheckConstraint("media_type IN ('application/pdf', 'image/jpeg')"),
        CheckConstraint("bytes > 0"),
        CheckConstraint("position BETWEEN 1 AND 3"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    claim_id: Mapped[str] = mapped_column(ForeignKey("credentials_claims.id"))
    consultant_id: Mapped[str] = mapped_column(index=True)
    position: Mapped[int]
    media_type: Mapped[str]
    bytes: Mapped[int]
    added_at: Mapped[datetime]


class Check(Table):
    """One reviewer's verdict on one credential. The key refuses a second one of the same person."""

    __tablename__ = "credentials_checks"
    __table_args__ = (CheckConstraint("reviewer_id <> consultant_id"),)
    personal_data = "keep: who vouched for a credential answers for it"

    claim_id: Mapped[str] = mapped_column(primary_key=True)
    reviewer_id: Mapped[str] = mapped_column(primary_key=True)
    consultant_id: Mapped[str]
    agrees: Mapped[bool]
    at: Mapped[datetime]


class Application(Table):
    """Someone who wants to become a consultant."""

    __tablename__ = "credentials_applications"
    __table_args__ = (
        CheckConstraint("state IN ('applied', 'accepted', 'refused', 'lapsed')"),
        CheckConstraint("(state = 'applied') = (decided_at IS NULL)"),
        CheckConstraint("state <> 'refused' OR reason <> ''"),
        Index("credentials_applications_open", "person_id", unique=True, postgresql_where="state = 'applied'"),
    )
    personal_data = "erase"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    field_id: Mapped[str]
    title: Mapped[str]
    line: Mapped[str]
    about: Mapped[str]
    city: Mapped[str]
    years: Mapped[int]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    reason: Mapped[str]
    applied_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    topic_ids: Mapped[list[str]] = mapped_column(server_default="{}")
