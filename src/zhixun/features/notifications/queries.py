from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .models import Notice, Preference
from .rules import Preferences

READERS_AT_ONCE_MAX = 500


@dataclass(frozen=True)
class NoticeLine:
    id: str
    kind: str
    subject_id: str
    values: dict[str, Any]
    at: datetime
    read: bool


def notices_of(db: Session, user_id: str, *, limit: int = 20, before: datetime | None = None) -> list[NoticeLine]:
    """A person's notices, the newest first; `before` (an instant) pages on."""
    mine = select(Notice).where(Notice.user_id == user_id, Notice.shown)
    if before is not None:
        mine = mine.where(Notice.at < before)
    return [_line(row) for row in db.scalars(mine.order_by(Notice.at.desc(), Notice.id.desc()).limit(limit))]


def unread_count(db: Session, user_id: str) -> int:
    unread = (Notice.user_id == user_id, Notice.read_at.is_(None), Notice.shown)
    return db.scalar(select(func.count()).select_from(Notice).where(*unread)) or 0


def preferences_of(db: Session, user_id: str) -> Preferences:
    row = db.get(Preference, user_id)
    if row is None:
        return Preferences()
    return Preferences(frozenset(row.off), row.quiet_from, row.quiet_until, row.digest)


def readers_of_held_mails(db: Session, now: datetime) -> list[str]:
    """Who has mails that were held back and are due now."""
    held = (Notice.mailed_at.is_(None), Notice.mail_at > Notice.at, Notice.bundle_id.is_(None), Notice.mail_at <= now)
    return list(db.scalars(select(Notice.user_id).where(*held).distinct().limit(READERS_AT_ONCE_MAX)))


def unsent_of_bundle(db: Session, bundle_id: str) -> list[NoticeLine]:
    rows = db.scalars(
        select(Notice).where(Notice.bundle_id == bundle_id, Notice.mailed_at.is_(None)).order_by(Notice.at, Notice.id)
    )
    return [_line(row) for row in rows]


def _line(row: Notice) -> NoticeLine:
    return NoticeLine(row.id, row.kind, row.subject_id, row.values, row.at, row.read_at is not None)
