from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.catalog.models import Consultant
from zhixun.kernel.errors import NotFound


def photo_of(db: Session, consultant_id: str) -> str:
    """The id of a consultant's photo; empty where they have none."""
    return db.scalar(select(Consultant.photo).where(Consultant.id == consultant_id)) or ""


def owner_of_photo(db: Session, photo_id: str) -> str:
    """Whose photo is shown under this id. Raises NotFound, for one that was taken away too."""
    owner = db.scalar(select(Consultant.id).where(Consultant.photo == photo_id, Consultant.photo != ""))
    if owner is None:
        raise NotFound
    return owner
