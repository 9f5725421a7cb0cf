"""A question's way to its answer: danger first, then the passages that may be cited, then words, sentence by sentence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from zhixun.features.assistant import rules
from zhixun.features.assistant.ports import ModelFailed, PassageHit, PassageIndex, TextModel
from zhixun.features.assistant.rules import Evidence, Piece, Weighed
from zhixun.features.recommend import queries as recommend
from zhixun.features.recommend.queries import Suggestion
from zhixun.kernel.services import service
from zhixun.kernel.values import Language, Words

from .articles import published_articles

log = logging.getLogger(__name__)

CONSULTANTS = 3


@dataclass(frozen=True)
class Prepared:
    """All that is known before a word is written. `crisis` is said first and alone."""

    question: str
    language: Language
    evidence: tuple[Evidence, ...]
    weighed: Weighed
    confidence: float
    crisis: Words | None
    suggestions: tuple[Suggestion, ...]

    @property
    def kind(self) -> str:
        if self.crisis:
            return "crisis"
        return "answer" if self.evidence and self.confidence >= rules.ANSWERED_FROM else "unknown"


@dataclass
class Told:
    """What was said so far; filled while it is said."""

    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(str(piece) for piece in self.pieces)

    def cited(self, prepared: Prepared) -> list[dict[str, object]]:
        """The passages that were cited, by their numbers, each once."""
        used = {piece.number for piece in self.pieces}
        return [
            {"number": one.number, "article_id": one.article_id, "title": one.title, "text": one.text}
            for one in prepared.evidence
            if one.number in used
        ]


def prepared(db: Session, *, question: str, zone: str, language: Language, now: datetime) -> Prepared:
    """What there is to answer with. Consultants come by recommend's own rules; none are named in a crisis, or where the
    question is of nothing that anybody here does."""
    spoken = rules.language_of(question)
    match = recommend.match(db, question=question, zone=zone, language=language, now=now, limit=CONSULTANTS)
    if match.crisis:
        return Prepared(question, spoken, (), Weighed({}, {}), 1.0, match.crisis, ())
    evidence, weighed = found_evidence(db, question, spoken)
    sure = rules.confidence(rules.measured(evidence, weighed))
    fits = match.has_topic or rules.is_of_the_house(confidence=sure, spoken_of=match.spoken_of)
    return Prepared(question, spoken, tuple(evidence), weighed, sure, None, match.items if fits else ())


def found_evidence(db: Session, question: str, spoken: Language) -> tuple[list[Evidence], Weighed]:
    """The passages nearest to the question, of articles that are published at this moment."""
    index, asked = service(PassageIndex), rules.terms(question).distinct
    hits = index.find(asked, language=spoken, limit=rules.PASSAGES_ASKED)
    known = published_articles(db, [_article_of(hit) for hit in hits])
    found: list[Evidence] = []
    for hit in hits:
        article_id, _, place = hit.id.partition("#")
        texts = rules.passages(known[article_id].body) if article_id in known else []
        if int(place) < len(texts):
            found.append(Evidence(len(found) + 1, article_id, known[article_id].title, texts[int(place)], hit.score))
    return found, index.rarity(asked)


def told(prepared: Prepared, into: Told) -> Iterator[Piece]:
    """The sentences of the answer, each proved by the passage it cites, as they are written. Outside any transaction.

    Whatever a model says that its citation does not prove is not shown; when it fails, or nothing it said holds, the
    extractive answer is given instead.
    """
    if prepared.kind != "answer":
        return
    evidence = prepared.evidence[: rules.PASSAGES_SHOWN]
    try:
        spoken = service(TextModel).answer(prepared.question, evidence, prepared.weighed, language=prepared.language)
        for sentence in rules.pieces_of(spoken, prepared.language):
            if piece := rules.checked(sentence, evidence, prepared.weighed.words):
                into.pieces.append(piece)
                yield piece
    except ModelFailed as failure:
        log.warning("the text model failed, the extractive answer is given: %s", failure)
    if not into.pieces:
        for piece in rules.extracted(prepared.weighed.words, evidence):
            into.pieces.append(piece)
            yield piece


def _article_of(hit: PassageHit) -> str:
    return hit.id.partition("#")[0]
