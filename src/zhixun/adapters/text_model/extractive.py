"""The default: quotes the sentences of the evidence that answer best. Needs no key, no network, and invents nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zhixun.features.assistant.rules import Evidence, Weighed, extracted
from zhixun.kernel.values import Language


class ExtractiveModel:
    def answer(
        self, question: str, evidence: Sequence[Evidence], weighed: Weighed, *, language: Language
    ) -> Iterator[str]:
        for piece in extracted(weighed.words, evidence):
            yield f"{piece.text}[{piece.number}]" if language == "zh" else f"{piece.text} [{piece.number}] "
