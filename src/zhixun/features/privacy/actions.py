from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.privacy import ConsentWithdrawn
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

from . import rules
from .models import Consent


def give_consent(uow: UnitOfWork, *, user_id: str, purpose: str) -> None:
    """Record a yes to the text as it is now, once. Raises Invalid for an unknown purpose."""
    version = rules.purpose_named(purpose).version
    yes = insert(Consent).values(id=new_id(), user_id=user_id, purpose=purpose, version=version, given_at=uow.now)
    uow.db.execute(yes.on_conflict_do_nothing())


def withdraw_consent(uow: UnitOfWork, *, user_id: str, purpose: str) -> None:
    """Take every standing yes for this purpose back. Nothing to take back is fine."""
    rules.purpose_named(purpose)
    withdrawn = uow.db.scalars(
        update(Consent)
        .where(Consent.user_id == user_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=uow.now)
        .returning(Consent.id)
    )
    if withdrawn.all():
        uow.emit(ConsentWithdrawn(user_id=user_id, purpose=purpose, at=uow.now.isoformat()))
