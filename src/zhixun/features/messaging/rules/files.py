"""What may be sent beside words: pictures, sound, PDF, office documents and plain text, known by what is in them.

Neither the name nor what the browser says of a file is believed. A picture is drawn anew, so that nothing hidden in it
(where it was taken, by which phone, what else lay in the file) goes along. What a browser would run is never taken.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

from zhixun.kernel import pictures
from zhixun.kernel.errors import N_, Invalid

from . import voice

if TYPE_CHECKING:
    from PIL.Image import Image

FILE_BYTES_MAX = 10_000_000
FILES_MAX = 5
UPLOADS_MAX, UPLOADS_SECONDS = 60, 600
"""How often one person may send files."""
UPLOAD_BYTES_MAX = 25_000_000
"""All files of one message together, with the form around them."""
SIDE_PIXELS_MAX = 3_000
"""A picture larger than this is made smaller: enough to read a page of small print."""
NAME_LENGTH_MAX = 120
ENTRIES_MAX = 5_000
PICTURES = ("JPEG", "PNG", "GIF", "WEBP")
ENDINGS = {
    "image/jpeg": ("jpg", "jpeg"), "image/png": ("png",), "application/pdf": ("pdf",), "text/plain": ("txt", "md", "csv"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "audio/webm": ("webm",), "audio/mp4": ("m4a", "mp4"), "audio/ogg": ("ogg", "opus", "oga"), "audio/mpeg": ("mp3",),
}  # fmt: skip
OFFICE = dict(zip(("word/", "xl/", "ppt/"), list(ENDINGS)[4:7], strict=True))


class FileRefused(Invalid):
    code = "file_refused"


@dataclass(frozen=True)
class CheckedFile:
    name: str
    media_type: str
    data: bytes
    width: int = 0
    height: int = 0
    """Pixels; 0 for what is no picture."""
    seconds: int = 0
    """How long a voice note lasts; 0 for what is none."""


def checked(name: str, data: bytes) -> CheckedFile:
    """The file as it may be kept. Raises FileRefused with a sentence."""
    if not data:
        raise _refused(N_("This file is empty."))
    if len(data) > FILE_BYTES_MAX:
        raise _refused(N_("A file has at most 10 MB."))
    if pictures.is_picture(data, PICTURES):
        return _picture(name, data)
    media_type = _media_type(data)
    if media_type is None:
        raise _refused(
            N_("We take pictures, sound (WebM, MP4, Ogg, MP3), PDF, Word, Excel and PowerPoint files, and plain text.")
        )
    return CheckedFile(clean_name(name, media_type), media_type, data)


def voice_note(files: Sequence[CheckedFile], seconds: int) -> CheckedFile:
    """The one recording of a voice note, with its length: by the clock in it where it has one, else as its sender's browser
    measured it. Raises FileRefused."""
    if len(files) != 1 or not files[0].media_type.startswith("audio/"):
        raise _refused(N_("A voice note is one recording and nothing else."))
    found = files[0]
    measured = voice.webm_seconds(found.data) if found.media_type == "audio/webm" else None
    length = seconds if measured is None else max(1, round(measured))
    if not 1 <= length <= voice.SECONDS_MAX or len(found.data) > voice.BYTES_MAX:
        raise _refused(N_("A voice note lasts at most one minute. A longer recording can be sent as a file."))
    return replace(found, seconds=length)


def check_count(count: int) -> None:
    if count > FILES_MAX:
        raise _refused(N_("A message has at most 5 files. Please send the others in another one."))


def clean_name(name: str, media_type: str) -> str:
    """The last part of a path, without what confuses a file system or an eye, ending as its content does."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")
    stem, dot, ending = kept.rpartition(".")
    endings = ENDINGS[media_type]
    if not dot or ending.lower() not in endings:
        stem, ending = kept, endings[0]
    return f"{stem[: NAME_LENGTH_MAX - len(ending) - 1] or 'file'}.{ending}"


def _media_type(data: bytes) -> str | None:
    if (sound := voice.kind_of_sound(data)) is not None:
        return sound
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    plain = all(c in "\n\r\t\f" or c.isprintable() or c.isspace() for c in text)
    return "text/plain" if plain and not text.lstrip().startswith("<") else None


def _office(data: bytes) -> str | None:
    """An office document without programs in it."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):  # the ways zipfile says that it cannot read it
        return None
    if len(names) > ENTRIES_MAX or "[Content_Types].xml" not in names or any("vbaproject" in n.lower() for n in names):
        return None
    return next((kind for folder, kind in OFFICE.items() if any(name.startswith(folder) for name in names)), None)


def _picture(name: str, data: bytes) -> CheckedFile:
    try:
        drawn, kind = pictures.drawn_anew(data, formats=PICTURES, side_pixels=SIDE_PIXELS_MAX, cut=_made_smaller)
    except pictures.PictureRefused as refused:
        raise _refused(refused.message) from None
    out, as_png = BytesIO(), drawn.mode == "RGBA" or kind == "PNG"
    drawn.save(out, "PNG", optimize=False) if as_png else drawn.save(out, "JPEG", quality=88)
    media_type = "image/png" if as_png else "image/jpeg"
    return CheckedFile(clean_name(name, media_type), media_type, out.getvalue(), drawn.width, drawn.height)


def _made_smaller(picture: Image) -> Image:
    picture.thumbnail((SIDE_PIXELS_MAX, SIDE_PIXELS_MAX))
    return picture


def _refused(sentence: str) -> FileRefused:
    return FileRefused(sentence, fields={"files": sentence})
