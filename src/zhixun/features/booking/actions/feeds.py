"""A person's sessions as a calendar that other programs may read."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from zhixun.features.booking.models import Feed
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id


def open_feed(uow: UnitOfWork) -> str:
    """Give the asker a calendar to subscribe to; returns its id. An older one ends with it."""
    feed_id = new_id()
    new = insert(Feed).values(user_id=uow.actor.user_id, id=feed_id, created_at=uow.now)
    uow.db.execute(new.on_conflict_do_update(index_elements=["user_id"], set_={"id": feed_id, "created_at": uow.now}))
    return feed_id


def close_feed(uow: UnitOfWork) -> None:
    """Take the asker's calendar back: whoever knows its address finds nothing there. Twice is once."""
    uow.db.execute(delete(Feed).where(Feed.user_id == uow.actor.user_id))
