from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.kernel import personal
from zhixun.kernel.sealed import ReadLine
from zhixun.kernel.tables import any_of

from . import rules
from .models import Consent, Erasure


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


def who_consented(db: Session, user_ids: Collection[str], purpose: str) -> frozenset[str]:
    """Those of these people whose yes to the purpose's present text stands. One statement. Raises Invalid."""
    given = select(Consent.user_id).where(
        Consent.user_id == any_of(user_ids), Consent.purpose == purpose, Consent.withdrawn_at.is_(None),
        Consent.version == rules.purpose_named(purpose).version,
    )  # fmt: skip
    return frozenset(db.scalars(given))


def consents_of(db: Session, user_id: str) -> list[ConsentLine]:
    """All of a person's yeses, the newest first."""
    rows = db.scalars(
        select(Consent).where(Consent.user_id == user_id).order_by(Consent.given_at.desc(), Consent.id.desc())
    )
    return [ConsentLine(row.purpose, row.version, row.given_at, row.withdrawn_at) for row in rows]


@dataclass(frozen=True)
class ReadOnce:
    """Somebody read something of a person, for the first time on that day."""

    reader_id: str
    field: str
    at: datetime


def reads_of(db: Session, user_id: str, *, before: datetime | None = None, limit: int = 50) -> list[ReadOnce]:
    """Who else has read what belongs to this person, the newest first; `before` (an instant) pages on."""
    wanted = select(ReadLine).where(ReadLine.subject_id == user_id)
    if before is not None:
        wanted = wanted.where(ReadLine.at < before)
    rows = db.scalars(wanted.order_by(ReadLine.at.desc(), ReadLine.id.desc()).limit(limit))
    return [ReadOnce(row.reader_id, row.field, row.at) for row in rows]


@dataclass(frozen=True)
class ErasureView:
    person_id: str
    at: datetime
    by: str
    report: list[dict[str, Any]]
    verified_at: datetime | None
    leftovers: list[str]

    @property
    def gone(self) -> list[dict[str, Any]]:
        return [line for line in self.report if not line["kept_because"]]

    @property
    def kept(self) -> list[dict[str, Any]]:
        return [line for line in self.report if line["kept_because"]]


def erasure_of(db: Session, person_id: str) -> ErasureView | None:
    row = db.get(Erasure, person_id)
    return _erasure(row) if row is not None else None


def erasures(db: Session, *, before: datetime | None = None, limit: int = 50) -> list[ErasureView]:
    """Everybody who was erased, the newest first; `before` (an instant) pages on."""
    wanted = select(Erasure)
    if before is not None:
        wanted = wanted.where(Erasure.at < before)
    return [_erasure(row) for row in db.scalars(wanted.order_by(Erasure.at.desc(), Erasure.person_id).limit(limit))]


def _erasure(row: Erasure) -> ErasureView:
    return ErasureView(row.person_id, row.at, row.by, row.report, row.verified_at, row.leftovers)


def export_of(db: Session, person_id: str, now: datetime) -> dict[str, Any]:
    """Everything the house holds about a person, opened, as JSON; when it was made is said on their own clock."""
    known = accounts.people(db, [person_id]).get(person_id)
    made_at = now.astimezone(ZoneInfo(known.zone)) if known else now
    return {
        "format": "zhixun-export-1", "person": person_id, "made_at": made_at.isoformat(timespec="seconds"),
        "tables": personal.gather(db, person_id),
    }  # fmt: skip
