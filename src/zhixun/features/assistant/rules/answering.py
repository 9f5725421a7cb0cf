"""From passages to an answer: which sentences to quote, how sure one may be, and what a citation has to prove."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zhixun.kernel.values import Language

from .articles import is_instruction
from .words import sentences, terms

PASSAGES_ASKED, PASSAGES_SHOWN = 20, 3
NEAR_SHARE = 0.6
"""A second article is cited from this share of the best one's score on."""
SENTENCES_BEST, SENTENCES_OTHER = 3, 1
ANSWERED_FROM = 0.35
"""From this confidence on an answer is given; below it we say that we do not know."""
SCANT = 0.3
"""Below this strength a word or two are shared by chance, and confidence shrinks with it."""
OF_THE_HOUSE_FROM, SPOKEN_OF_FROM = 0.1, 0.5
"""A question in which no topic was understood is one for consultants from this confidence on, if so much of it stands on
the page of one of them: a page that has a word or two of it by chance is no reason to send anybody there."""
SUPPORT_MIN = 0.6
"""So much of a sentence's weight must stand in the passage it cites."""
STRENGTH_WHOLE = 6.0
"""Score per rarity of the question that a passage made of nothing else would get, about."""
UNSEEN_IDF = 9.0
WEIGHTS = {"bias": -4.38, "covered": 1.42, "strength": 2.53, "pairs": 0.46, "margin": 6.52}
"""Of the logistic in `confidence`; how they were found is written there."""

_MARK = re.compile(r"\[(\d{1,2})\]")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Evidence:
    """A passage that may be cited. `number` is its mark in the answer, from 1."""

    number: int
    article_id: str
    title: str
    text: str
    score: float


@dataclass(frozen=True)
class Weighed:
    """What the index knows about a question's terms: term → how rare it is (inverse document frequency)."""

    words: Mapping[str, float]
    pairs: Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """How well the best passage fits, each 0 to 1: share of the question's words (by rarity) it has, score against
    what a perfect passage would get, share of the pairs, and distance to the best passage of another article."""

    covered: float
    strength: float
    pairs: float
    margin: float


@dataclass(frozen=True)
class Piece:
    """One sentence of an answer with the number of the passage it rests on."""

    text: str
    number: int

    def __str__(self) -> str:
        return f"{self.text}[{self.number}]"


def measured(found: Sequence[Evidence], weighed: Weighed) -> Measured:
    """What `confidence` looks at; all 0 where nothing was found."""
    if not found or not weighed.words:
        return Measured(0.0, 0.0, 0.0, 0.0)
    best = found[0]
    there = terms(f"{best.title}\n{best.text}")
    rival = next((one.score for one in found[1:] if one.article_id != best.article_id), 0.0)
    return Measured(
        covered=_share(weighed.words, set(there.words)),
        strength=min(1.0, best.score / (STRENGTH_WHOLE * sum(weighed.words.values()))),
        pairs=_share(weighed.pairs, set(there.pairs)),
        margin=(best.score - rival) / best.score if best.score > 0 else 0.0,
    )


def confidence(seen: Measured) -> float:
    """How likely the best passage answers the question, 0 to 1.

    A logistic regression over four scale-free signs, fitted on public question sets in both languages against
    questions whose own answer had been taken out and questions of other domains; `zhixun assistant evaluate` prints
    how well it tells them apart.
    """
    z = WEIGHTS["bias"] + sum(
        WEIGHTS[name] * getattr(seen, name) for name in ("covered", "strength", "pairs", "margin")
    )
    return min(1.0, seen.strength / SCANT) / (1 + math.exp(-z))


def is_of_the_house(*, confidence: float, spoken_of: float) -> bool:
    """Whether a question without a topic is one that a consultant here could be asked, by its confidence and by the share
    of its words on the best one's page, both 0 to 1."""
    return confidence >= OF_THE_HOUSE_FROM and spoken_of >= SPOKEN_OF_FROM


def extracted(question_weights: Mapping[str, float], evidence: Sequence[Evidence]) -> list[Piece]:
    """The sentences that answer best, in the order in which they stand: of the best passage up to three, of other
    near ones one each, if it says something about a word of the question that was not covered yet."""
    pieces: list[Piece] = []
    uncovered = dict(question_weights)
    for one in evidence[:PASSAGES_SHOWN]:
        if one.score < NEAR_SHARE * evidence[0].score:
            break
        most = SENTENCES_BEST if one is evidence[0] else SENTENCES_OTHER
        chosen = _best_sentences(one, uncovered, most, needs_new=one is not evidence[0])
        pieces += [Piece(text, one.number) for text in chosen]
        for text in chosen:
            for word in terms(f"{one.title} {text}").words:
                uncovered.pop(word, None)
    return pieces


def _best_sentences(one: Evidence, wanted: Mapping[str, float], most: int, *, needs_new: bool) -> list[str]:
    told = [text for text in sentences(one.text) if not is_instruction(text)]
    scored = []
    for place, text in enumerate(told):
        has = sum(wanted.get(word, 0.0) for word in set(terms(text).words))
        if not needs_new or has > 0:
            scored.append((has + (1.5 if place == 0 else 0.0), -place, text))
    best = sorted(scored, reverse=True)[:most]
    return [text for _, _, text in sorted(best, key=lambda each: -each[1])]


def pieces_of(told: Iterator[str], language: Language) -> Iterator[str]:
    """A model's words as they come, cut into whole sentences with their marks."""
    open_ = ""
    for part in told:
        open_ += part
        while (end := _sentence_end(open_)) > 0:
            yield open_[:end].strip()
            open_ = open_[end:]
    if open_.strip():
        yield open_.strip()


def _sentence_end(text: str) -> int:
    """Where a sentence with its marks surely ends: something that is no mark must follow it. 0 where none does."""
    found = re.search(r"(?:[。！？!?]|\.(?=[\s\[]))\s*(?:\[\d{1,2}\]\s*)*(?=[^\s\[])", text)
    return found.end() if found else 0


def checked(sentence: str, evidence: Sequence[Evidence], rarity: Mapping[str, float]) -> Piece | None:
    """The sentence with its first mark, if it cites a passage that supports it; else None: it is not shown."""
    by_number = {one.number: one for one in evidence}
    text = " ".join(_MARK.sub("", sentence).split())
    for number in (int(mark) for mark in _MARK.findall(sentence)):
        if number in by_number and is_supported(text, by_number[number], rarity):
            return Piece(text, number)
    return None


def is_supported(text: str, one: Evidence, rarity: Mapping[str, float]) -> bool:
    """Whether the passage says it: most of the sentence's words and every figure and address stand there."""
    source = f"{one.title}\n{one.text}"
    if is_instruction(text) or any(address not in source for address in _ADDRESS.findall(text)):
        return False
    if any(figure not in source for figure in re.findall(r"\d+", text)):
        return False
    said = dict.fromkeys(terms(text).words)
    there = set(terms(source).words)
    whole = sum(rarity.get(word, UNSEEN_IDF) for word in said)
    return bool(whole) and sum(rarity.get(word, UNSEEN_IDF) for word in said if word in there) >= SUPPORT_MIN * whole


def _share(weights: Mapping[str, float], there: set[str]) -> float:
    whole = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in there) / whole if whole else 0.0
