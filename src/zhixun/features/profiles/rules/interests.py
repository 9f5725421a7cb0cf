"""The interest vector: TF-IDF over the topics and words of what a person did, fading with time.

weight(term) = Σ kind weight · ½^(age / half life) over the interactions that have the term; damped by a square root,
times the term's idf, the whole of length 1. Salton & Buckley, "Term-weighting approaches in automatic text retrieval", 1988.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhixun.features.behaviour.rules import Interaction
from zhixun.features.search.rules import words

KIND_WEIGHTS: Mapping[str, float] = {
    "payment": 5.0, "session": 3.0, "save": 3.0, "question": 3.0, "search": 2.0, "booking": 2.0, "feedback": 1.0,
    "click": 1.0, "view": 1.0, "cancellation": -2.0, "dismiss": -4.0,
}  # fmt: skip
HALF_LIFE = timedelta(days=60)
TERMS_MAX = 60
WORD_SHARE = 0.4
"""A word of a text counts so much of what a topic counts: topics are what the house can act on."""
LABEL_PREFIXES = ("topic=", "field=")
SHARES: Mapping[str, float] = {"field": 0.5, "seniority": 0.1}
"""A field says less than a topic, and how senior someone was says little."""
PEOPLE_OF_WORD_MIN = 3
"""A word of fewer people than this is not kept in the common model: it could tell who they are."""


@dataclass(frozen=True)
class Interest:
    """`vector`: term → weight, of length 1, the strongest first. A term is "topic=…", "field=…" or a word."""

    vector: Mapping[str, float]
    sources: Mapping[str, Mapping[str, int]]
    """Label → kind → from how many interactions it comes."""


@dataclass(frozen=True)
class Correction:
    """What a person says of their profile. `verdict`: "wrong" (take it away) or "wanted" (it is so)."""

    label: str
    verdict: str


def term_weights(
    interactions: Iterable[Interaction], labels_of: Mapping[str, Sequence[str]], now: datetime
) -> dict[str, float]:
    """Term → summed and damped weight. `labels_of`: consultant id → labels. What sums to nothing or less is out."""
    sums: dict[str, float] = {}
    for one in interactions:
        faded = KIND_WEIGHTS.get(one.kind, 0.0) * 0.5 ** (max(now - one.at, timedelta()) / HALF_LIFE)
        for term, share in _terms(one, labels_of):
            sums[term] = sums.get(term, 0.0) + faded * share
    return {term: math.sqrt(weight) for term, weight in sums.items() if weight > 0}


def interest_of(
    interactions: Sequence[Interaction],
    labels_of: Mapping[str, Sequence[str]],
    idf: Mapping[str, float],
    now: datetime,
    corrections: Sequence[Correction] = (),
) -> Interest:
    """The vector with the person's own corrections in it, and where each label comes from."""
    usual = max(idf.values(), default=1.0)
    weighed = {term: tf * idf.get(term, usual) for term, tf in term_weights(interactions, labels_of, now).items()}
    strongest = dict(sorted(weighed.items(), key=lambda item: (-item[1], item[0]))[:TERMS_MAX])
    sources: dict[str, Counter[str]] = {}
    for one in interactions:
        for label in {*one.labels, *labels_of.get(one.consultant_id, ())}:
            if label in strongest:
                sources.setdefault(label, Counter())[one.kind] += 1
    return Interest(corrected(_of_length_one(strongest), corrections), sources)


def corrected(vector: Mapping[str, float], corrections: Sequence[Correction]) -> dict[str, float]:
    """What is wrong goes; what is wanted weighs as much as the strongest. Of length 1 again."""
    verdicts = {one.label: one.verdict for one in corrections if one.label.startswith(LABEL_PREFIXES)}
    kept = {term: weight for term, weight in vector.items() if verdicts.get(term) != "wrong"}
    top = max(kept.values(), default=1.0)
    kept |= {label: top for label, verdict in verdicts.items() if verdict == "wanted"}
    return _of_length_one(dict(sorted(kept.items(), key=lambda item: (-item[1], item[0]))))


def idf_of(people: Sequence[Collection[str]]) -> dict[str, float]:
    """ln((1 + n) / (1 + how many have the term)) + 1, of labels and of words that enough people share."""
    counted = Counter(term for terms in people for term in set(terms))
    return {
        term: math.log((1 + len(people)) / (1 + count)) + 1
        for term, count in counted.items()
        if count >= PEOPLE_OF_WORD_MIN or term.startswith(LABEL_PREFIXES)
    }


def labels_in(vector: Mapping[str, float]) -> dict[str, float]:
    """Only the topics and fields."""
    return {term: weight for term, weight in vector.items() if term.startswith(LABEL_PREFIXES)}


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """0 to 1 for vectors without negative weights; 0 where one is empty."""
    shared = sum(weight * other[term] for term, weight in one.items() if term in other)
    lengths = math.sqrt(sum(w * w for w in one.values())) * math.sqrt(sum(w * w for w in other.values()))
    return shared / lengths if lengths else 0.0


def _terms(one: Interaction, labels_of: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, float]]:
    for label in {*one.labels, *labels_of.get(one.consultant_id, ())}:
        yield label, SHARES.get(label.partition("=")[0], 1.0)
    for word in words(one.text) if one.text else ():
        yield word, WORD_SHARE


def _of_length_one(vector: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {term: round(weight / length, 6) for term, weight in vector.items()} if length else {}
