"""Scans of a credential: what is taken, and how many."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from zhixun.kernel import pictures
from zhixun.kernel.errors import N_, Invalid

if TYPE_CHECKING:
    from PIL.Image import Image

BYTES_MAX = 10_000_000
SCANS_MAX = 3
UPLOAD_BYTES_MAX = 35_000_000
"""All scans of one credential, with the form around them."""
UPLOADS_MAX, UPLOADS_SECONDS = 30, 600
"""How often one person may send some."""
SIDE_PIXELS_MAX = 3_000
"""A picture larger than this is made smaller: enough to read a page of small print."""
FORMATS = ("JPEG", "PNG")
QUALITY = 88
PDF, JPEG = "application/pdf", "image/jpeg"
END_WITHIN_BYTES = 2_048
PROGRAMS = (b"/JavaScript", b"/Launch", b"/EmbeddedFile")
"""What a scan has no use for and a reader of PDF might run or open."""


@dataclass(frozen=True)
class Scan:
    media_type: str
    data: bytes


def checked(data: bytes) -> Scan:
    """The scan as it is kept: a PDF as it came, a picture drawn anew. Neither its name nor what the browser says of it is
    believed. Raises Invalid."""
    if len(data) > BYTES_MAX:
        raise _refused(N_("A file has at most 10 MB."))
    if data.startswith(b"%PDF-"):
        return _pdf(data)
    if not pictures.is_picture(data, FORMATS):
        raise _refused(N_("A scan is a PDF, a JPEG or a PNG."))
    try:
        drawn, _ = pictures.drawn_anew(data, formats=FORMATS, side_pixels=SIDE_PIXELS_MAX, cut=_on_white)
    except pictures.PictureRefused as refused:
        raise _refused(refused.message) from None
    out = BytesIO()
    drawn.save(out, "JPEG", quality=QUALITY)
    return Scan(JPEG, out.getvalue())


def check_count(count: int) -> None:
    if count > SCANS_MAX:
        raise _refused(N_("A credential has at most 3 scans."))


def scan_id(claim_id: str, key: str, scan: Scan) -> str:
    """The same form sent twice names the same scans."""
    content = hashlib.sha256(scan.data).hexdigest()
    return hashlib.sha256(f"scan:{claim_id}:{key}:{content}".encode()).hexdigest()[:32]


def _pdf(data: bytes) -> Scan:
    if b"%%EOF" not in data[-END_WITHIN_BYTES:]:
        raise _refused(N_("This PDF is damaged."))
    if b"/Encrypt" in data:
        raise _refused(N_("This PDF is locked with a password. Please send one that opens without."))
    if any(one in data for one in PROGRAMS):
        raise _refused(N_("This PDF holds programs or other files. Please send a plain scan."))
    return Scan(PDF, data)


def _on_white(picture: Image) -> Image:
    from PIL import Image  # a page without pictures needs not wait for it

    picture.thumbnail((SIDE_PIXELS_MAX, SIDE_PIXELS_MAX))
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return white


def _refused(sentence: str) -> Invalid:
    return Invalid(fields={"scans": sentence})
