"""A file that people sent, as it goes back to a browser: never run, never guessed at."""

from __future__ import annotations

from urllib.parse import quote

from flask import make_response, request
from werkzeug.wrappers import Response

SHOWN = ("image/",)
IN_PARTS = ("audio/",)
"""Players ask for a part of a file at a time."""


def as_file(data: bytes, *, name: str, media_type: str) -> Response:
    """A picture is shown, everything else is only ever saved, or heard on a page."""
    response = make_response(data)
    response.headers["Content-Type"] = media_type + ("; charset=utf-8" if media_type == "text/plain" else "")
    how = "inline" if media_type.startswith(SHOWN) else "attachment"
    response.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(name)}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response.make_conditional(request, accept_ranges=media_type.startswith(IN_PARTS), complete_length=len(data))
