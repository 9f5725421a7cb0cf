"""A photo that stands where the drawn portrait does: what is taken, how it is cut, and what its sizes are called."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from zhixun.kernel import pictures
from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.pictures import PORTRAIT_SIDES

if TYPE_CHECKING:
    from PIL.Image import Image

Photo = Mapping[int, bytes]
"""WebP by the pixels of its side."""
BYTES_MAX = 10_000_000
UPLOAD_BYTES_MAX = 25_000_000
"""The photo with the form around it: one that is a little too large is refused on the page, with what was typed kept."""
UPLOADS_MAX, UPLOADS_SECONDS = 20, 600
"""How often one person may send one."""
SIDE_PIXELS_MIN = 200
FORMATS = ("JPEG", "PNG", "WEBP")
FACE_HEIGHT = 0.35
"""Where the middle of the square lies in a tall picture: faces are above the middle."""
QUALITY = 84


def checked(data: bytes) -> Photo:
    """The photo as it is kept: upright, square, without what else was in its file. Raises Invalid."""
    if len(data) > BYTES_MAX:
        raise Invalid(fields={"photo": N_("A photo has at most 10 MB.")})
    if not pictures.is_picture(data, FORMATS):
        raise Invalid(fields={"photo": N_("A photo is a JPEG, PNG or WebP picture.")})
    try:
        square, _ = pictures.drawn_anew(data, formats=FORMATS, side_pixels=2 * PORTRAIT_SIDES[-1], cut=_square)
    except pictures.PictureRefused as refused:
        raise Invalid(fields={"photo": refused.message}) from None
    return {side: _webp(square, side) for side in PORTRAIT_SIDES}


def blob_id(photo_id: str, side: int) -> str:
    return hashlib.sha256(f"photo:{photo_id}:{side}".encode()).hexdigest()[:32]


def _square(picture: Image) -> Image:
    from PIL import Image, ImageOps  # a page without pictures needs not wait for it

    if min(picture.size) < SIDE_PIXELS_MIN:
        raise pictures.PictureRefused(N_("This picture is too small. Each of its sides needs 200 pixels at least."))
    side = PORTRAIT_SIDES[-1]
    cut = ImageOps.fit(picture, (side, side), centering=(0.5, FACE_HEIGHT))
    white = Image.new("RGB", cut.size, "white")
    white.paste(cut, mask=cut.getchannel("A") if cut.mode == "RGBA" else None)
    return white


def _webp(square: Image, side: int) -> bytes:
    out = BytesIO()
    square.resize((side, side)).save(out, "WEBP", quality=QUALITY)
    return out.getvalue()
