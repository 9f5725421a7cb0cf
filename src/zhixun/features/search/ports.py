"""What search asks of an index."""

from __future__ import annotations

from typing import Protocol


class SearchIndex(Protocol):
    pass
