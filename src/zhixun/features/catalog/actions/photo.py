"""A consultant's own portrait: a photo in the sizes that pages use, sealed, in the BlobStore."""

from __future__ import annotations

from zhixun.events.catalog import PhotoRemoved
from zhixun.features.catalog.models import Consultant
from zhixun.features.catalog.rules.photo import Photo, blob_id
from zhixun.kernel import sealed
from zhixun.kernel.errors import NotFound
from zhixun.kernel.unit_of_work import UnitOfWork


def seal_photo(uow: UnitOfWork, *, photo_id: str, photo: Photo) -> list[tuple[str, bytes]]:
    """(id, sealed data) for each size; the caller puts them into the BlobStore and then says `put_photo`.

    Raises NotFound (the asker has no page).
    """
    owner = uow.actor.user_id
    if uow.db.get(Consultant, owner) is None:
        raise NotFound
    named = [(blob_id(photo_id, side), data) for side, data in photo.items()]
    return [(name, sealed.seal_blob(uow.db, blob_id=name, person=owner, data=data)) for name, data in named]


def put_photo(uow: UnitOfWork, *, photo_id: str) -> None:
    """Show this photo, whose sizes are kept already, in place of the one before or the drawn portrait. Raises NotFound."""
    _show(uow, photo_id)


def remove_photo(uow: UnitOfWork) -> None:
    """The drawn portrait stands there again. Twice is once. Raises NotFound."""
    _show(uow, "")


def _show(uow: UnitOfWork, photo_id: str) -> None:
    row = uow.db.get(Consultant, uow.actor.user_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.photo == photo_id:
        return
    if row.photo:
        uow.emit(PhotoRemoved(photo_id=row.photo))
    row.photo = photo_id
