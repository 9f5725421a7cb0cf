"""The photos of consultants, for everyone."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from zhixun.features.catalog import queries
from zhixun.features.catalog.rules.photo import blob_id
from zhixun.kernel import sealed
from zhixun.kernel.errors import NotFound
from zhixun.kernel.pictures import PORTRAIT_SIDES
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.values import is_id
from zhixun.web.security import read

from . import bp

KEPT_SECONDS = 30 * 86_400


@bp.get("/portrait/<photo_id>-<int:side>.webp")
def photo(photo_id: str, side: int) -> BaseResponse:
    """One size of a photo. A new photo has a new address, so what a browser has is never out of date."""
    if not is_id(photo_id) or side not in PORTRAIT_SIDES:
        raise NotFound
    name = blob_id(photo_id, side)
    kept = service(BlobStore).get(name)
    with read() as db:
        owner = queries.owner_of_photo(db, photo_id)
        data = kept and sealed.unseal_blob(db, blob_id=name, person=owner, data=kept)
    if not data:
        raise NotFound
    response = Response(data, mimetype="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}, immutable"
    response.set_etag(name)
    return response.make_conditional(request)
