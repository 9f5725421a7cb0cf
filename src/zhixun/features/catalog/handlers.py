from __future__ import annotations

import base64
from typing import Any

from sqlalchemy.orm import Session

from zhixun.events.catalog import PhotoRemoved
from zhixun.kernel import sealed
from zhixun.kernel.pictures import PORTRAIT_SIDES
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service

from . import queries
from .rules.photo import blob_id


def forget_photo(event: PhotoRemoved) -> None:
    for side in PORTRAIT_SIDES:
        service(BlobStore).delete(blob_id(event.photo_id, side))


def told_photo(db: Session, person_id: str) -> dict[str, list[dict[str, Any]]]:
    """For a person's copy of what the house holds: their photo itself, in its largest size."""
    photo_id = queries.photo_of(db, person_id)
    name = blob_id(photo_id, PORTRAIT_SIDES[-1])
    kept = service(BlobStore).get(name) if photo_id else None
    data = kept and sealed.unseal_blob(db, blob_id=name, person=person_id, data=kept)
    if not data:
        return {}
    told = {"id": photo_id, "media_type": "image/webp", "base64": base64.b64encode(data).decode()}
    return {"catalog_photo": [told]}
