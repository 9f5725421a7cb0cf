from __future__ import annotations

from sqlalchemy import select, update

from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

from . import rules
from .models import Consent


def give_consent(uow: UnitOfWork, *, user_id: str, purpose: str, version: str | None = None) -> None:
    """Record a yes to the current (or the given) version, once. Raises Invalid for an unknown purpose."""
    wanted = version or rules.purpose_named(purpose).version
    rules.purpose_named(purpose)
    standing = select(Consent.id).where(
        Consent.user_id == user_id,
        Consent.purpose == purpose,
        Consent.version == wanted,
        Consent.withdrawn_at.is_(None),
    )
    if uow.db.scalar(standing.limit(1)) is None:
        uow.db.add(Consent(id=new_id(), user_id=user_id, purpose=purpose, version=wanted, given_at=uow.now))


def withdraw_consent(uow: UnitOfWork, *, user_id: str, purpose: str) -> None:
    """Take every standing yes for this purpose back. Nothing to take back is fine."""
    rules.purpose_named(purpose)
    uow.db.execute(
        update(Consent)
        .where(Consent.user_id == user_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=uow.now)
    )
