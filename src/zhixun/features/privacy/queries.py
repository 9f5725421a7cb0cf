from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import rules
from .models import Consent


@dataclass(frozen=True)
class ConsentLine:
    purpose: str
    version: str
    given_at: datetime
    withdrawn_at: datetime | None


def has_consent(db: Session, user_id: str, purpose: str) -> bool:
    """Whether a yes to the purpose's present text stands; one to an older text does not count. Raises Invalid."""
    given = select(Consent.id).where(
        Consent.user_id == user_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None),
        Consent.version == rules.purpose_named(purpose).version,
    )  # fmt: skip
    return db.scalar(given.limit(1)) is not None


def consents_of(db: Session, user_id: str) -> list[ConsentLine]:
    """All of a person's yeses, the newest first."""
    rows = db.scalars(
        select(Consent).where(Consent.user_id == user_id).order_by(Consent.given_at.desc(), Consent.id.desc())
    )
    return [ConsentLine(row.purpose, row.version, row.given_at, row.withdrawn_at) for row in rows]
