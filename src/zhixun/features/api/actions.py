from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from zhixun.features.accounts.actions import note_change
from zhixun.kernel.errors import N_, Conflict, DomainError
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import Actor

from . import queries, rules
from .models import ApiKey, KeptAnswer

LOCK_TIMED_OUT = "55P03"
"""PostgreSQL's code for a lock that was not free within lock_timeout."""


class KeyReused(DomainError):
    code, status = "idempotency_key_reused", 422
    message = N_("This idempotency key was used for another request. Please send a new one.")


class InProgress(Conflict):
    code, message = "in_progress", N_("The same request is being worked on. Please ask again in a moment.")


class KeyExists(Conflict):
    code, message = "key_exists", N_("This key is there already. Its token was shown once; make another if it is lost.")


class TooManyKeys(Conflict):
    code, message = "too_many_keys", N_("You have ten keys. Please end one first.")


@dataclass(frozen=True)
class Earlier:
    """What was answered the first time; `answer` is None where the work is simply to be done again."""

    status: int | None
    answer: str | None


def claim_key(uow: UnitOfWork, *, key: str, fingerprint: str) -> Earlier | None:
    """Take the asker's key for this request, in its transaction; None means that nobody had it: go on.

    Where another transaction has just taken it, this waits for that one to end (at most the database's lock time-out).
    Raises KeyReused where the key stands for another request, InProgress where the wait was too long.
    """
    fresh = {"fingerprint": fingerprint, "at": uow.now, "status": None, "answer": None}
    taken = (
        insert(KeptAnswer)
        .values(person_id=uow.actor.user_id, key=key, **fresh)
        .on_conflict_do_update(
            index_elements=["person_id", "key"], set_=fresh, where=KeptAnswer.at <= uow.now - rules.KEY_LASTS
        )
        .returning(KeptAnswer.key)
    )
    try:
        if uow.db.scalar(taken) is not None:
            return None
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") == LOCK_TIMED_OUT:
            raise InProgress from None
        raise
    row = uow.db.execute(
        select(KeptAnswer.fingerprint, KeptAnswer.status, KeptAnswer.answer).where(_mine(uow, key))
    ).one()
    if row.fingerprint != fingerprint:
        raise KeyReused
    return Earlier(row.status, row.answer)


def keep_answer(uow: UnitOfWork, *, key: str, status: int, answer: str) -> None:
    """Remember what the asker's key was answered."""
    uow.db.execute(update(KeptAnswer).where(_mine(uow, key)).values(status=status, answer=answer))


def forget_old_keys(uow: UnitOfWork) -> int:
    """Delete answers older than a day; returns how many."""
    gone = uow.db.execute(
        delete(KeptAnswer).where(KeptAnswer.at <= uow.now - rules.KEY_LASTS).returning(KeptAnswer.key)
    )
    return len(gone.all())


def make_key(uow: UnitOfWork, *, key_id: str, name: str, days: int, read_only: bool) -> str:
    """Make a key for one of the asker's programs and return its token, which is never shown again; its owner is told by
    mail. Raises Invalid, KeyExists (sent twice), TooManyKeys."""
    person_id, name, days = uow.actor.user_id, rules.clean_key_name(name), rules.clean_days(days)
    uow.db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"keys:{person_id}", 0))))
    if uow.db.get(ApiKey, key_id) is not None:
        raise KeyExists
    valid = (ApiKey.person_id == person_id, ApiKey.expires_at > uow.now)
    if (uow.db.scalar(select(func.count()).where(*valid)) or 0) >= rules.KEYS_MAX:
        raise TooManyKeys
    token = rules.TOKEN_MARK + secrets.token_urlsafe(32)
    uow.db.add(
        ApiKey(
            id=key_id, person_id=person_id, name=name, token_hash=queries.hash_of(token), read_only=read_only,
            created_at=uow.now, expires_at=uow.now + timedelta(days=days), used_at=None,
        )
    )  # fmt: skip
    note_change(uow, "key_made")
    return token


def end_key(uow: UnitOfWork, *, key_id: str) -> None:
    """End one of the asker's own keys, at once. One that is gone already, or not theirs, changes nothing."""
    uow.db.execute(delete(ApiKey).where(ApiKey.id == key_id, ApiKey.person_id == uow.actor.user_id))


def end_all_keys(uow: UnitOfWork, *, person_id: str) -> None:
    """End every key of a person, at once."""
    uow.db.execute(delete(ApiKey).where(ApiKey.person_id == person_id))


def use_key(token: str) -> Actor | None:
    """Whose key this is, or None when it is unknown, ended or expired. Own transactions."""
    with unit_of_work() as uow:
        found = queries.holder_of(uow.db, token, uow.now)
        if found and (found.used_at is None or uow.now - found.used_at >= rules.USED_NOTED_EVERY):
            uow.db.execute(update(ApiKey).where(ApiKey.id == found.key_id).values(used_at=uow.now))
    return found.actor if found else None


def forget_ended_keys(uow: UnitOfWork) -> None:
    uow.db.execute(delete(ApiKey).where(ApiKey.expires_at <= uow.now))


def _mine(uow: UnitOfWork, key: str) -> ColumnElement[bool]:
    return and_(KeptAnswer.person_id == uow.actor.user_id, KeptAnswer.key == key)
