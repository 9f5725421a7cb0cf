from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from zhixun.kernel.errors import N_, Conflict, DomainError
from zhixun.kernel.unit_of_work import UnitOfWork

from . import rules
from .models import KeptAnswer

LOCK_TIMED_OUT = "55P03"
"""PostgreSQL's code for a lock that was not free within lock_timeout."""


class KeyReused(DomainError):
    code, status = "idempotency_key_reused", 422
    message = N_("This idempotency key was used for another request. Please send a new one.")


class InProgress(Conflict):
    code, message = "in_progress", N_("The same request is being worked on. Please ask again in a moment.")


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


def _mine(uow: UnitOfWork, key: str) -> ColumnElement[bool]:
    return and_(KeptAnswer.person_id == uow.actor.user_id, KeptAnswer.key == key)
