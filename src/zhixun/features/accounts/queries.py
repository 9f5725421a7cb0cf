from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Actor

from . import rules
from .models import FailedTry, SignIn, User


@dataclass(frozen=True)
class Person:
    user_id: str
    name: str
    email: str
    zone: str
    language: str
    roles: frozenset[str]


def actor_of_token(db: Session, token: str, now: datetime) -> Actor | None:
    """Who holds this sign-in token, or None when it is unknown, revoked or expired."""
    user = db.scalar(
        select(User).join(SignIn, SignIn.user_id == User.id)
        .where(SignIn.token_hash == hash_of(token), SignIn.expires_at > now)
    )  # fmt: skip
    return Actor(user.id, frozenset(user.roles), user.name, user.zone, user.language) if user else None


def person(db: Session, user_id: str) -> Person:
    """Raises NotFound."""
    user = db.get(User, user_id)
    if user is None:
        raise NotFound
    return _person(user)


def people(db: Session, user_ids: Iterable[str]) -> dict[str, Person]:
    rows = db.scalars(select(User).where(User.id.in_(set(user_ids))))
    return {row.id: _person(row) for row in rows}


def person_by_email(db: Session, email: str) -> Person | None:
    user = db.scalar(select(User).where(User.email == rules.clean_email(email)))
    return _person(user) if user else None


def people_count(db: Session) -> dict[str, int]:
    """How many people hold each role."""
    role = func.unnest(User.roles).label("role")
    return dict(db.execute(select(role, func.count()).group_by(role)))


def failed_tries(db: Session, email: str, now: datetime) -> int:
    recent = FailedTry.at > now - rules.TRIES_WINDOW
    return db.scalar(select(func.count()).select_from(FailedTry).where(FailedTry.email == email, recent)) or 0


def hash_of(token: str) -> str:
    """Tokens are random, so a plain fast hash is enough to keep a stolen table useless."""
    return hashlib.sha256(token.encode()).hexdigest()


def _person(user: User) -> Person:
    return Person(user.id, user.name, user.email, user.zone, user.language, frozenset(user.roles))
