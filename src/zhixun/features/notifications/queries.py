from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .models import Notice


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
    mine = select(Notice).where(Notice.user_id == user_id)
    if before is not None:
        mine = mine.where(Notice.at < before)
    rows = db.scalars(mine.order_by(Notice.at.desc(), Notice.id.desc()).limit(limit))
    return [NoticeLine(row.id, row.kind, row.subject_id, row.values, row.at, row.read_at is not None) for row in rows]


def unread_count(db: Session, user_id: str) -> int:
    unread = select(func.count()).select_from(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    return db.scalar(unread) or 0
