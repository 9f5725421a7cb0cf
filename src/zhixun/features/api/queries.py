from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.kernel.values import Actor

from .models import ApiKey


@dataclass(frozen=True)
class KeyLine:
    id: str
    name: str
    read_only: bool
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Holder:
    key_id: str
    actor: Actor
    used_at: datetime | None


def keys_of(db: Session, person_id: str, now: datetime) -> list[KeyLine]:
    """A person's keys that still open something, the newest first."""
    mine = (ApiKey.person_id == person_id, ApiKey.expires_at > now)
    rows = db.scalars(select(ApiKey).where(*mine).order_by(ApiKey.created_at.desc(), ApiKey.id))
    return [KeyLine(row.id, row.name, row.read_only, row.created_at, row.expires_at, row.used_at) for row in rows]


def holder_of(db: Session, token: str, now: datetime) -> Holder | None:
    """In whose name a key's token acts: with all their roles, or only reading."""
    row = db.scalar(select(ApiKey).where(ApiKey.token_hash == hash_of(token), ApiKey.expires_at > now))
    person = accounts.people(db, [row.person_id]).get(row.person_id) if row else None
    if row is None or person is None:
        return None
    actor = Actor(
        person.user_id, person.roles, person.name, person.zone, person.language, row.read_only,
        second_factor="operator" in person.roles and accounts.has_second_factor(db, person.user_id),
    )  # fmt: skip
    return Holder(row.id, actor, row.used_at)


def hash_of(token: str) -> str:
    """Tokens are random, so a plain fast hash is enough to keep a stolen table useless."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
