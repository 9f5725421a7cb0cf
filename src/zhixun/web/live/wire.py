"""The words of the wire: limits, close codes, what a frame must be, and refusals in a person's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations

from zhixun.kernel.errors import N_, DomainError

FRAME_BYTES_MAX = 64 * 1024
"""Give it to the web server too (uvicorn's ws_max_size), so that larger frames are refused before they are read."""
HELLO_SECONDS = 10
IDLE_SECONDS = 120
SEND_SECONDS = 10
CLOSE_SECONDS = 2
CHECK_SIGN_IN_SECONDS = 30
"""Who was signed out elsewhere, because a telephone is lost, hears nothing for longer than this, or IDLE_SECONDS if silent."""
QUEUE_FRAMES_MAX = 512
FRAMES_PER_SECOND = 20
FRAMES_BURST = 80
STRIKES_MAX = 200
"""Frames refused one after the other before the connection ends."""
CONNECTIONS_MAX = 20
"""Open connections of one person in one process."""
AFTER_MAX = 2_000
JOINED_MAX = 10
THREADS = 8

TOO_LARGE, NO_HELLO, NOT_SIGNED_IN, FOREIGN_PAGE, TOO_QUIET, TOO_MUCH, TOO_SLOW = (
    1009, 4400, 4401, 4403, 4408, 4429, 4503,
)  # fmt: skip

Frame = Mapping[str, Any]


class Broken(DomainError):
    code, message = "broken", N_("Something broke on our side. Nothing you entered was charged or half done.")


class Close(Exception):
    """Ends the connection from our side."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(code, reason)


def dumped(frame: Frame) -> str:
    return json.dumps(frame, separators=(",", ":"))


def parsed(text: str) -> Frame | None:
    try:
        frame = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return frame if isinstance(frame, dict) else None


def _no_constant(name: str) -> float:
    raise ValueError(name)


def places(after: object) -> dict[str, int]:
    """What the client says it knows, as far as it makes sense."""
    if not isinstance(after, dict):
        return {}
    kept = list(after.items())[:AFTER_MAX]
    return {one: seq for one, seq in kept if isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq < 2**31}


def _about(frame: Frame) -> dict[str, Any]:
    named = {name: frame[name] for name in ("conversation", "client_id", "booking") if isinstance(frame.get(name), str)}
    return {"about": str(frame.get("type", ""))[:40], **{name: text[:80] for name, text in named.items()}}


def error_frame(error: DomainError, frame: Frame, language: str) -> Frame:
    """`error {code, message, fields?}` with what it is about, so that the browser can mark the right message."""
    say = _catalogue(language).gettext
    sentence = say(error.message)
    said = {**_about(frame), "type": "error", "code": error.code}
    said["message"] = sentence % error.values if error.values else sentence
    if error.fields:
        said["fields"] = {name: say(text) for name, text in error.fields.items()}
    return said


@lru_cache
def _catalogue(language: str) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    return Translations.load(Path(__file__).parent.parent / "translations", [language])
