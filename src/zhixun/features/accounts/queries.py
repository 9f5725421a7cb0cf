from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Exists, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from zhixun.kernel import vault
from zhixun.kernel.errors import N_, Invalid, NotFound
from zhixun.kernel.personal import OpenMatter
from zhixun.kernel.sealed import Letter, unseal, unseal_many
from zhixun.kernel.values import Actor

from . import rules
from .models import App, Block, Device, Door, FailedTry, MailLink, Passkey, RecoveryCode, SignIn, User


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


@dataclass(frozen=True)
class PasskeyLine:
    id: str
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What a person can show beside their password. `app_since` is None where no app is confirmed."""

    app_since: datetime | None
    passkeys: tuple[PasskeyLine, ...]
    codes_left: int

    def __bool__(self) -> bool:
        return self.app_since is not None or bool(self.passkeys)


def actor_of_token(db: Session, token: str, now: datetime) -> Actor | None:
    """Who holds this sign-in token, or None when it is unknown, revoked or expired."""
    held = (SignIn.token_hash == hash_of(token), SignIn.expires_at > now)
    found = select(User, SignIn.proved_until, SignIn.second_factor).join(SignIn, SignIn.user_id == User.id).where(*held)
    if (row := db.execute(found).one_or_none()) is None:
        return None
    user, proved_until, second_factor = row
    return Actor(
        user.id, frozenset(user.roles), user.name, user.zone, user.language, proved_until=proved_until,
        second_factor=second_factor, unconfirmed=user.unconfirmed_since is not None,
    )  # fmt: skip


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


def people_sought(db: Session, text: str, *, role: str, limit: int) -> list[Person]:
    """People of a role whose address is `text`, where it is one; else those whose name holds it."""
    if "@" not in text:
        return people_named(db, text, role=role, limit=limit)
    try:
        found = person_by_email(db, text)
    except Invalid:
        return []
    return [found] if found and role in found.roles else []


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


def factors_of(db: Session, user_id: str) -> Factors:
    """Three statements."""
    app_since = db.scalar(select(App.confirmed_at).where(App.user_id == user_id))
    keys = db.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.made_at, Passkey.id))
    lines = tuple(PasskeyLine(one.id, one.name, one.made_at, one.used_at) for one in keys)
    unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return Factors(app_since, lines, db.scalar(select(func.count()).where(*unused)) or 0)


def has_second_factor(db: Session, user_id: str) -> bool:
    app = select(App.user_id).where(App.user_id == user_id, App.confirmed_at.is_not(None)).exists()
    passkey = select(Passkey.id).where(Passkey.user_id == user_id).exists()
    return bool(db.scalar(select(or_(app, passkey))))


def credentials_of(db: Session, user_id: str) -> list[str]:
    """The credential ids (base64url) of a person's passkeys."""
    return list(db.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id)))


def app_to_confirm(db: Session, user_id: str) -> str | None:
    """The secret of an app that is being set up, for its owner's eyes; None where none is."""
    row = db.get(App, user_id)
    if row is None or row.confirmed_at is not None:
        return None
    return unseal(db, App.secret, row=user_id, person=user_id, sealed=row.secret, reader=None)


def who_waits(db: Session, door: str, now: datetime) -> str | None:
    """Who gave the right password and stands at this door (a user id), or None."""
    return db.scalar(select(Door.user_id).where(Door.token_hash == hash_of(door), Door.expires_at > now))


@dataclass(frozen=True)
class LinkView:
    """A link by mail that is still good. `address` is the one it confirms, where that is not the person's already."""

    id: str
    user_id: str
    kind: str
    address: str


def link_of_token(db: Session, token: str, *, kind: str, now: datetime) -> LinkView | None:
    held = (MailLink.token_hash == hash_of(token), MailLink.kind == kind, MailLink.expires_at > now)
    row = db.scalar(select(MailLink).where(*held))
    return _link(db, row) if row else None


def address_link(db: Session, link_id: str) -> LinkView | None:
    row = db.get(MailLink, link_id)
    return _link(db, row) if row else None


def _link(db: Session, row: MailLink) -> LinkView:
    address = unseal(db, MailLink.address, row=row.id, person=row.user_id, sealed=row.address, reader=None)
    return LinkView(row.id, row.user_id, row.kind, address)


def link_token(db: Session, link_id: str) -> str:
    """What the link of this id carries: the same each time it is mailed, and made of nothing the database holds."""
    return vault.blind(db, "mail_link", link_id)


def knows_devices(db: Session, user_id: str) -> bool:
    return bool(db.scalar(select(select(Device.user_id).where(Device.user_id == user_id).exists())))


def user_of_index(db: Session, address_index: str) -> str | None:
    return db.scalar(select(User.id).where(User.email_index == address_index))


def recovery_hash(db: Session, user_id: str, code: str) -> str:
    """What is kept of a recovery code: keyed, because it is short enough to be guessed from a stolen table."""
    return vault.blind(db, "recovery_code", f"{user_id}:{code}")


def code_tries_index(db: Session, user_id: str) -> str:
    """What wrong codes of a person are counted by."""
    return vault.blind(db, "code_tries", user_id)


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


def has_blocked(db: Session, blocker_id: str, blocked_id: str) -> bool:
    return db.get(Block, (blocker_id, blocked_id)) is not None


def are_apart(db: Session, one_id: str, other_id: str) -> bool:
    """Whether one of the two has blocked the other, whichever it was."""
    return bool(db.scalar(select(apart(one_id, other_id))))


def apart(one_id: str | BindParameter[str], other_id: str | BindParameter[str]) -> Exists:
    """`are_apart` as a part of the asker's own statement."""
    either = or_(
        and_(Block.blocker_id == one_id, Block.blocked_id == other_id),
        and_(Block.blocker_id == other_id, Block.blocked_id == one_id),
    )
    return exists().where(either)


def apart_from(db: Session, person_id: str) -> frozenset[str]:
    """Everyone this person has blocked or was blocked by. One statement."""
    either = or_(Block.blocker_id == person_id, Block.blocked_id == person_id)
    rows = db.execute(select(Block.blocker_id, Block.blocked_id).where(either))
    return frozenset(one for pair in rows for one in pair) - {person_id}


def hash_of(token: str) -> str:
    """Tokens are random, so a plain fast hash is enough to keep a stolen table useless."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _person(user: User) -> Person:
    return Person(user.id, user.name, user.zone, user.language, frozenset(user.roles))


def is_last_administrator(db: Session, person_id: str) -> bool:
    """Whether the house would have nobody left who may appoint anybody, if this person were gone."""
    ids = db.scalars(select(User.id).where(User.roles.contains(["administrator"])).limit(2)).all()
    return list(ids) == [person_id]


def open_matters(db: Session, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet."""
    said = N_("The house needs at least one administrator. Appoint another one first.")
    return [OpenMatter(said, "/ops/people")] if is_last_administrator(db, person_id) else []
