"""What search asks of an index.

An index knows nothing of languages: it gets words that are already cut (see rules.words), and labels such as
"field=legal" to filter and count by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Order = Literal["fit", "price", "rating"]
FORMAT_VERSION = 2
"""What a document looks like. Raise it when documents change; an index with another version is built anew."""


@dataclass(frozen=True)
class Document:
    """One consultant as the index sees them. `main` words say what they do, `side` words what else their page says."""

    id: str
    main: tuple[str, ...]
    side: tuple[str, ...]
    labels: tuple[str, ...]
    """ "field=legal", "topic=divorce-custody", "language=zh" …"""
    prices_minor: Mapping[str, int]
    """Channel → the cheapest price, and "" → the cheapest of all."""
    rating: float
    digest: str
    """Changes whenever anything else here does."""


@dataclass(frozen=True)
class Filter:
    """Who may be found: with all of `labels`, no dearer than `price_max_minor` on `channel` ("": on any), and one of
    `within` (None: anyone)."""

    labels: frozenset[str] = frozenset()
    price_max_minor: int | None = None
    channel: str = ""
    within: Collection[str] | None = None


ANYONE = Filter()


@dataclass(frozen=True)
class Hit:
    """`score` is 0 where no words were asked for, or another order."""

    id: str
    score: float


@dataclass(frozen=True)
class Hits:
    hits: tuple[Hit, ...] = ()
    total: int = 0
    """How many there are in all, beyond the page too."""


class SearchIndex(Protocol):
    """Every method is safe from any thread. Writing is for one process, the worker; the others see it at their next
    question. Documents not written yet are simply not found."""

    def put(self, documents: Sequence[Document]) -> None:
        """Add these, or bring them up to date by their ids."""

    def remove(self, ids: Sequence[str]) -> None:
        """Forget these; ids it does not know are no mistake."""

    def rebuild(self, documents: Iterable[Document]) -> None:
        """Become exactly these documents. Readers see the old ones or the new ones, never half.

        `documents` is read once nobody else may write, so that a change stated meanwhile is not undone.
        """

    def find(
        self,
        words: Sequence[str],
        only: Filter = ANYONE,
        *,
        order: Order = "fit",
        offset: int = 0,
        limit: int = 20,
        loose: bool = False,
    ) -> Hits:
        """Whoever has at least one of the words (or anyone, without words), the best first.

        Without words "fit" orders by rating; "price" is that of the filter's channel. `loose` forgives one wrong,
        missing or swapped letter per word. An `offset` or `limit` beyond all there are is no mistake and costs nothing.
        """

    def matched_words(self, words: Sequence[str], ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Which of the words each of these documents has."""

    def count_labels(self, words: Sequence[str], only: Filter = ANYONE) -> Mapping[str, int]:
        """How many of those that `find` would find carry each label."""

    def digests(self, ids: Sequence[str] | None = None) -> Mapping[str, str]:
        """id → digest of what is stored, of these or of all."""

    def count(self) -> int:
        """How many documents there are; 0 also for an index of another format version."""
