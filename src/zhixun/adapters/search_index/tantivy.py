"""The embedded index: tantivy, fed with words that rjieba has cut."""

from __future__ import annotations

from pathlib import Path


class TantivyIndex:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
