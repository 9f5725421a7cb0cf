"""Master keys handed over in a setting, separated by commas or lines, the newest last: "k1:base64,k2:base64"."""

from __future__ import annotations

import base64
import binascii

from zhixun.kernel.ports import MasterKey, RingIsGiven

KEY_BYTES = 32


class KeysUnreadable(Exception):
    """The sentence says where and what is wrong, and nothing of the keys."""


class GivenRing:
    def __init__(self, text: str) -> None:
        self._keys = parse(text, said="ZHIXUN_KEYS")

    def keys(self) -> tuple[MasterKey, ...]:
        return self._keys

    def add(self) -> MasterKey:
        raise RingIsGiven


def parse(text: str, *, said: str) -> tuple[MasterKey, ...]:
    """Raises KeysUnreadable. `said` names the place in its sentence."""
    found: dict[str, MasterKey] = {}
    for line in text.replace(",", "\n").split():
        name, colon, encoded = line.partition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            secret = b""
        if not (name and colon) or len(secret) != KEY_BYTES or name in found:
            raise KeysUnreadable(f"{said}: every key is name:base64 of {KEY_BYTES} bytes, each name once.")
        found[name] = MasterKey(name, secret)
    if not found:
        raise KeysUnreadable(f"{said} holds no key. Put the lost file back, or restore it from where you keep a copy.")
    return tuple(found.values())


def written(key: MasterKey) -> str:
    return f"{key.name}:{base64.b64encode(key.secret).decode()}"
