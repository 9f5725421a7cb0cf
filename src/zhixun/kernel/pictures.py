"""Pictures that people send: known by what is in them, and drawn anew, so that nothing hidden in the file (where it was
taken, by which phone, what else lay in it) goes along."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from .errors import N_, Invalid

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS_MAX = 40_000_000
PORTRAIT_SIDES = (96, 192, 288)
"""Pixels of a consultant's photo: for 48, 96 and 144 points of a fine screen."""
PHOTO = "photo-"
"""So begins the key of a portrait that is a photo and not drawn."""
BEGINNINGS = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "GIF": b"GIF8", "WEBP": b"RIFF"}

_ONE_PICTURE = threading.Lock()
"""A picture of the most points takes some 300 MB while it is drawn anew: twelve at once would take the machine's memory."""


class PictureRefused(Invalid):
    code = "picture_refused"


def is_picture(data: bytes, formats: Sequence[str]) -> bool:
    """Whether it begins as one of these does; whether it goes on so shows when it is drawn."""
    return any(data.startswith(BEGINNINGS[one]) and (one != "WEBP" or data[8:12] == b"WEBP") for one in formats)


def drawn_anew(
    data: bytes, *, formats: tuple[str, ...], side_pixels: int, cut: Callable[[Image], Image]
) -> tuple[Image, str]:
    """The points of the (first) picture alone, the right way up, after `cut`, in RGB or RGBA; and its file's format.

    A JPEG is unpacked no larger than sides of `side_pixels` need, which takes a tenth of the time and memory for a portrait.
    Raises PictureRefused with a sentence: damaged, or more points than may be unpacked.
    """
    from PIL import Image, ImageOps  # a page without pictures needs not wait for it

    try:
        with _ONE_PICTURE, Image.open(BytesIO(data), formats=formats) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise PictureRefused(N_("This picture has too many pixels. Please send a smaller one."))
            opened.draft(None, (side_pixels, side_pixels))
            upright = ImageOps.exif_transpose(opened)
            see_through = "A" in upright.getbands() or "transparency" in upright.info
            mode = "RGBA" if see_through else "RGB"
            drawn = cut(upright if upright.mode == mode else upright.convert(mode))
            blank = Image.new(drawn.mode, drawn.size)
            blank.paste(drawn)  # the points alone, without what else the file said
            return blank, opened.format or ""
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise PictureRefused(N_("This picture is damaged.")) from None
