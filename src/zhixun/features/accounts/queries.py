from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from zhixun.kernel import vault
from zhixun.kernel.errors import NotFound
from zhixun.kernel.sealed import Letter, unseal_many
from zhixun.kernel.values import Actor

from . import rules
from .models import FailedTry, SignIn, User


@dataclass(frozen=True)
class Person:
    user_id: str
    name: str
    zone: str
    language: str
    roles: frozenset[str]


SIGN_IN_ID_LENGTH = 16


@dataclass(frozen=True)
class SignInLine:
    """One place where a person is signed in. `id` is a part of the token's hash: enough to end it, useless to hold it."""

    id: str
    kind: str
    user_agent: str
    created_at: datetime
    expires_at: datetime
    is_this: bool


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


def people_named(db: Session, text: str, *, role: str, limit: int) -> list[Person]:
    """People of a role whose name holds `text`, in the order of their names."""
    like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found = select(User).where(User.name.ilike(like, escape="\\"), User.roles.contains([role]))
    return [_person(row) for row in db.scalars(found.order_by(User.name, User.id).limit(limit))]


def person_by_email(db: Session, email: str) -> Person | None:
    user = db.scalar(select(User).where(User.email_index == index_of(db, rules.clean_email(email))))
    return _person(user) if user else None


def emails_of(db: Session, user_ids: Iterable[str], reader: Actor) -> dict[str, str]:
    """User id → address; people see in their access log who read theirs."""
    rows = db.execute(select(User.id, User.email).where(User.id.in_(set(user_ids)))).all()
    texts = unseal_many(db, User.email, [Letter(one.id, one.id, one.email) for one in rows], reader=reader)
    return {row.id: text for row, text in zip(rows, texts, strict=True)}


def index_of(db: Session, address: str) -> str:
    """What stands for an address (in its one stored form) where people are looked up by it."""
    return vault.blind(db, "email", address)


def appointed(db: Session) -> list[Person]:
    """Everyone who holds a role of the house (rules.APPOINTED), by name."""
    rows = db.scalars(select(User).where(User.roles.overlap(sorted(rules.APPOINTED))).order_by(User.name, User.id))
    return [_person(row) for row in rows]


def people_count(db: Session) -> dict[str, int]:
    """How many people hold each role."""
    role = func.unnest(User.roles).label("role")
    return dict(db.execute(select(role, func.count()).group_by(role)).all())


def sign_ins_of(db: Session, user_id: str, now: datetime, *, token: str = "") -> list[SignInLine]:
    """Where a person is signed in, the newest first; `token` tells which of them is asking."""
    rows = db.scalars(
        select(SignIn).where(SignIn.user_id == user_id, SignIn.expires_at > now).order_by(SignIn.created_at.desc())
    )
    mine = hash_of(token)
    return [
        SignInLine(
            row.token_hash[:SIGN_IN_ID_LENGTH], row.kind, row.user_agent, row.created_at, row.expires_at,
            row.token_hash == mine,
        )
        for row in rows
    ]  # fmt: skip


def wait_seconds(db: Session, email_index: str, now: datetime) -> int:
    """How long this address has to wait after too many wrong passwords, in seconds; 0 where it may try."""
    recent = FailedTry.at > now - rules.TRIES_WINDOW
    latest = list(
        db.scalars(
            select(FailedTry.at)
            .where(FailedTry.email_index == email_index, recent)
            .order_by(FailedTry.at.desc())
            .limit(rules.TRIES_MAX)
        )
    )
    if len(latest) < rules.TRIES_MAX:
        return 0
    return max(1, int((latest[-1] + rules.TRIES_WINDOW - now).total_seconds()) + 1)


def hash_of(token: str) -> str:
    """Tokens are random, so a plain fast hash is enough to keep a stolen table useless."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _person(user: User) -> Person:
    return Person(user.id, user.name, user.zone, user.language, frozenset(user.roles))
