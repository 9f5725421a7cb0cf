from __future__ import annotations

from typing import Any

from sqlalchemy import update

from zhixun.kernel.unit_of_work import UnitOfWork

from .models import Notice


def tell(uow: UnitOfWork, *, notice_id: str, user_id: str, kind: str, subject_id: str, values: dict[str, Any]) -> bool:
    """Tell a person once; the notice's id comes from the fact. Returns whether it is new."""
    if uow.db.get(Notice, notice_id) is not None:
        return False
    uow.db.add(Notice(id=notice_id, user_id=user_id, kind=kind, subject_id=subject_id, values=values, at=uow.now))
    return True


def mark_all_read(uow: UnitOfWork) -> None:
    mine = (Notice.user_id == uow.actor.user_id, Notice.read_at.is_(None))
    uow.db.execute(update(Notice).where(*mine).values(read_at=uow.now))
