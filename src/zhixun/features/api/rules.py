"""What makes two requests the same one."""

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
