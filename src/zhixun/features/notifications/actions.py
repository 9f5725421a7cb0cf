from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from zhixun.kernel.unit_of_work import UnitOfWork

from .models import Notice


def tell(uow: UnitOfWork, *, notice_id: str, user_id: str, kind: str, subject_id: str, values: dict[str, Any]) -> bool:
    """Tell a person once; the notice's id comes from the fact. Returns whether its mail is still to be sent."""
    new = insert(Notice).values(
        id=notice_id, user_id=user_id, kind=kind, subject_id=subject_id, values=values, at=uow.now
    )  # fmt: skip
    uow.db.execute(new.on_conflict_do_nothing())
    return uow.db.scalar(select(Notice.mailed_at).where(Notice.id == notice_id)) is None


def note_mailed(uow: UnitOfWork, *, notice_id: str) -> None:
    uow.db.execute(update(Notice).where(Notice.id == notice_id).values(mailed_at=uow.now))


def mark_all_read(uow: UnitOfWork) -> None:
    """The asker has seen all of their notices."""
    mine = (Notice.user_id == uow.actor.user_id, Notice.read_at.is_(None))
    uow.db.execute(update(Notice).where(*mine).values(read_at=uow.now))
