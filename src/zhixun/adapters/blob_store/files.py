"""Keeps files in a folder. What comes in is sealed already: the folder alone tells nothing but sizes and times."""

from __future__ import annotations

import os
from pathlib import Path

from zhixun.kernel.values import is_id, new_id


class FileStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, blob_id: str, data: bytes) -> None:
        path = self._path(blob_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f"{path.name}.{new_id()}")
        try:
            with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    def get(self, blob_id: str) -> bytes | None:
        try:
            return self._path(blob_id).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, blob_id: str) -> None:
        self._path(blob_id).unlink(missing_ok=True)

    def _path(self, blob_id: str) -> Path:
        assert is_id(blob_id), "a blob is named by an id, never by what people type"
        return self._folder / blob_id[-2:] / blob_id
