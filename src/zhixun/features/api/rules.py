"""What makes two requests the same one, and what a key for programs is."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

from zhixun.kernel.errors import N_, Invalid

KEY_HEADER = "Idempotency-Key"
KEY_LENGTH_MAX = 255
KEY_LASTS = timedelta(hours=24)
"""How long an answer is kept for whoever asks again with the same key."""


def clean_key(key: str | None) -> str | None:
    """The caller's key, or None where none was sent. Raises Invalid for a key that is empty, too long or not ASCII."""
    if key is None:
        return None
    text = key.strip()
    if not text or len(text) > KEY_LENGTH_MAX or not (text.isascii() and text.isprintable()):
        raise Invalid(fields={KEY_HEADER: N_("An idempotency key has 1 to 255 printable ASCII characters.")})
    return text


def fingerprint(method: str, path: str, body: object) -> str:
    """The same for the same request: method, path, and what its JSON says whatever the order of its names."""
    said = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{method} {path}\n{said}".encode()).hexdigest()


TOKEN_MARK = "zk_"
"""Begins every key's token, so that a leaked one is recognised."""
KEYS_MAX = 10
NAME_LENGTH_MAX = 60
LASTS_DAYS = (30, 90, 365)
USED_NOTED_EVERY = timedelta(hours=1)


def clean_key_name(name: str) -> str:
    text = " ".join("".join(c for c in name if c.isprintable() or c.isspace()).split())
    if not text:
        raise Invalid(fields={"name": N_("Please say which program it is for.")})
    if len(text) > NAME_LENGTH_MAX:
        raise Invalid(fields={"name": N_("A name has at most 60 characters.")})
    return text


def clean_days(days: int) -> int:
    if days not in LASTS_DAYS:
        raise Invalid(fields={"days": N_("A key lasts 30, 90 or 365 days.")})
    return days
