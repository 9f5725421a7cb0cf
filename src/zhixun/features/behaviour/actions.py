from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.behaviour import InteractionsRecorded, InteractionsStated
from zhixun.features.privacy import queries as privacy
from zhixun.kernel.unit_of_work import UnitOfWork

from . import rules
from .models import Pseudonym
from .rules import Interaction


def state_interactions(uow: UnitOfWork, *, interactions: Sequence[Interaction], user_agent: str = "") -> int:
    """Clean what the actor did and hand it on to the log; returns how many are left of it.

    Nothing is left for who is not signed in, did not agree, or is a program: that is no mistake, so nothing is raised.
    """
    if not interactions or rules.is_robot(user_agent) or not _agrees(uow, uow.actor.user_id):
        return 0
    kept = rules.clean(interactions, now=uow.now)
    if kept:
        uow.emit(InteractionsStated(user_id=uow.actor.user_id, interactions=rules.packed(kept)))
    return len(kept)


def pseudonym(uow: UnitOfWork, *, user_id: str) -> str | None:
    """The name of nobody for a person who agrees still, made on first use; None where they do not."""
    if not _agrees(uow, user_id):
        return None
    new = insert(Pseudonym).values(user_id=user_id, person=secrets.token_hex(16), made_at=uow.now)
    uow.db.execute(new.on_conflict_do_nothing())
    return uow.db.scalars(select(Pseudonym.person).where(Pseudonym.user_id == user_id)).one()


def announce(uow: UnitOfWork, *, user_id: str, count: int) -> None:
    """Tell that the log has new interactions of a person."""
    uow.emit(InteractionsRecorded(user_id=user_id, count=count))


def forget_pseudonym(uow: UnitOfWork, *, user_id: str) -> None:
    """What the log may still hold is nobody's from now on."""
    uow.db.execute(delete(Pseudonym).where(Pseudonym.user_id == user_id))


def _agrees(uow: UnitOfWork, user_id: str) -> bool:
    return bool(user_id) and privacy.has_consent(uow.db, user_id, rules.PURPOSE)
