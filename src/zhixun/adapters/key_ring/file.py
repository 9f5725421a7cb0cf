"""Master keys in a file that only its owner may read, one a line, the newest last: "name:base64"."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from zhixun.kernel.ports import MasterKey

from .given import KeysUnreadable, parse, written

KEY_BYTES = 32


class FileRing:
    """Reads the file again when it has changed, so that a running house follows `zhixun keys rotate`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] = (0, 0)
        self._keys: tuple[MasterKey, ...] = ()

    def keys(self) -> tuple[MasterKey, ...]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._write(new_key(()), new=True)
            stat = self._path.stat()
        if (stat.st_mtime_ns, stat.st_size) != self._seen:
            self._keys = parse(self._path.read_text(), said=str(self._path))
            self._seen = (stat.st_mtime_ns, stat.st_size)
        return self._keys

    def add(self) -> MasterKey:
        made = new_key(self.keys())
        self._write(*self.keys(), made)
        return made

    def _write(self, *keys: MasterKey, new: bool = False) -> None:
        """Whole or not at all; of two processes that make the first file, one wins."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        with draft.open("w") as file:
            file.write("\n".join(written(key) for key in keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if not new:
            draft.replace(self._path)
            return
        try:
            os.link(draft, self._path)
        except FileExistsError:
            return
        finally:
            draft.unlink()


def new_key(known: tuple[MasterKey, ...]) -> MasterKey:
    names = {key.name for key in known}
    number = next(n for n in range(len(known) + 1, 2 * len(known) + 2) if f"k{n}" not in names)
    return MasterKey(f"k{number}", secrets.token_bytes(KEY_BYTES))


__all__ = ["FileRing", "KeysUnreadable"]
