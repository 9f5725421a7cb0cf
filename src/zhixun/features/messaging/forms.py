"""What a message form may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import is_id, new_id


@dataclass(frozen=True)
class Typed:
    """A message as typed; `key` makes sending the form twice the same as sending it once."""

    key: str
    text: str
    room: str
    """The booking whose room it was typed in, or nothing."""
    seconds: int = 0
    """How long the voice note is that came with it; 0 where there is none, −1 for what is no number."""


def read_message(form: Mapping[str, str]) -> Typed:
    room = form.get("room", "")
    # A browser sends line ends as CR LF and counts them as one character; so does the limit.
    return Typed(
        form.get("client_id") or new_id(), form.get("text", "").replace("\r\n", "\n"), room if is_id(room) else "",
        _seconds(form.get("seconds", "")),
    )  # fmt: skip


def _seconds(text: str) -> int:
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1


def read_before(text: str | None) -> int | None:
    """The number before which older messages are asked for. What makes no sense is as if it had not been said."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else None


def own_id(text: str) -> str:
    """An id from an address; whatever is not one is not found."""
    if not is_id(text):
        raise NotFound
    return text
