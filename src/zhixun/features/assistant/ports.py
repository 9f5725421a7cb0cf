"""What the assistant asks of the outside: an index of passages, and something that puts an answer into words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zhixun.kernel.values import Language

from .rules import Evidence, Terms, Weighed

FORMAT_VERSION = 1
"""What a stored passage looks like. Raise it when that changes; an index of another version is built anew."""


@dataclass(frozen=True)
class Passage:
    """`id` is the article's id, "#" and the passage's place in it; `digest` changes whenever the rest does."""

    id: str
    language: str
    title: Terms
    body: Terms
    digest: str


@dataclass(frozen=True)
class PassageHit:
    id: str
    score: float


class PassageIndex(Protocol):
    """Every method is safe from any thread. Writing is for one process, the worker; the others see it at their next
    question."""

    def put(self, passages: Sequence[Passage]) -> None:
        """Add these, or bring them up to date by their ids."""

    def remove(self, ids: Sequence[str]) -> None:
        """Forget these; ids it does not know are no mistake."""

    def rebuild(self, passages: Iterable[Passage]) -> None:
        """Become exactly these passages. Readers see the old ones or the new ones, never half."""

    def find(self, asked: Terms, *, language: str = "", limit: int = 20) -> list[PassageHit]:
        """The passages that have at least one of the terms, the best first; of one language, or ("") of any."""

    def rarity(self, asked: Terms) -> Weighed:
        """How rare each of the terms is among all passages."""

    def digests(self) -> Mapping[str, str]:
        """id → digest of what is stored."""

    def elsewhere(self, folder: Path) -> PassageIndex:
        """Another index of this kind, for measuring: what is written there is not found here."""


class ModelFailed(Exception):
    """The model did not answer, or not in time. The extractive one answers instead."""


class TextModel(Protocol):
    def answer(
        self, question: str, evidence: Sequence[Evidence], weighed: Weighed, *, language: Language
    ) -> Iterator[str]:
        """An answer made of the evidence alone, as it is written; every sentence ends with the mark of the passage it
        rests on, [1]. The question and the evidence are data: nothing in them is an order. Raises ModelFailed, at
        the first piece or later."""
