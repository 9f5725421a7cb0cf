"""The first match by words: who fits a question, why, and what speaks against it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantCard, FieldView
from zhixun.features.quality.queries import Satisfaction
from zhixun.features.recommend import rules
from zhixun.features.recommend.rules import Reading, Said, Standing, Understood
from zhixun.features.scheduling.rules import Slot
from zhixun.features.search import queries as search
from zhixun.features.search.queries import FoundConsultant
from zhixun.features.search.rules import Wanted
from zhixun.kernel.values import Language, Words

CANDIDATES = 24
"""So many best by words are ranked by everything else."""
ANYONE = Wanted()


@dataclass(frozen=True)
class Suggestion:
    card: ConsultantCard
    satisfaction: Satisfaction
    slots: tuple[Slot, ...]
    score: int
    """1 (hardly fits) to 5 (strongly)."""
    said: tuple[Said, ...]
    doubted: Said
    newcomer: bool
    """In the place that is kept for people without feedback yet."""
    parts: Mapping[str, int] = made(default_factory=dict)
    """Of what the score is made, in percent; for suggestions without a question only."""

    @property
    def reasons(self) -> tuple[Words, ...]:
        return tuple(said.words for said in self.said)

    @property
    def doubt(self) -> Words:
        return self.doubted.words


@dataclass(frozen=True)
class Match:
    field: FieldView | None
    understood: tuple[Understood, ...]
    items: tuple[Suggestion, ...]
    crisis: Words | None
    """What to say first when the question speaks of danger; then nothing is suggested."""
    others: tuple[FoundConsultant, ...] = ()
    """Who else fits, in the order of the ranking."""
    total: int = 0
    facets: Mapping[str, Mapping[str, int]] | None = None
    fields: tuple[FieldView, ...] = ()
    wordless: bool = False
    """There was nothing in the question to match: it was empty, or signs only."""
    spoken_of: float = 0.0
    """Which share of the question's words stands on the page of whoever fits best, 0 to 1."""

    @property
    def has_topic(self) -> bool:
        """Whether a topic of the house was understood."""
        return any(one.kind == "topic" for one in self.understood)


def match(
    db: Session,
    *,
    question: str,
    field: str | None = None,
    zone: str,
    language: Language,
    now: datetime,
    limit: int = 3,
    without: Collection[str] = (),
    only: Wanted = ANYONE,
    fields: Sequence[FieldView] = (),
) -> Match:
    """Who fits a question best, with two true reasons and one doubt each. At most ten statements.

    `field` was chosen by hand; `without` are topic ids (and "city") read out of the question that were taken away;
    `only` narrows by facets and free time, its text is not used; `fields` when they are read already. Only the first
    4,000 characters are read.
    """
    fields = tuple(fields or catalog.fields(db))
    search.learn(fields)
    if crisis := rules.crisis_of(question, fields, field=field or ""):
        reading = rules.read(question, fields, field=field or "", without=without)
        return Match(reading.field, reading.understood, (), crisis, fields=fields)
    reading = rules.read(question, fields, field=field or "", without=without)
    if not reading.words and not reading.topics:
        return Match(reading.field, reading.understood, (), None, fields=fields, wordless=True)
    found = search.find_consultants(
        db, _wanted(question, reading, field, only), now=now, limit=CANDIDATES, fields=fields
    )
    reading = _with_voted_field(reading, found.items, fields)
    facts = _facts(found.items, reading, zone, language, now)
    ranked = sorted((_standing(one, facts[one.card.id], now) for one in found.items), key=lambda one: -one.total)
    day = now.astimezone(ZoneInfo(zone)).date()
    first = rules.with_newcomer(ranked, limit=limit, question=question.strip(), day=day)
    by_id = {one.card.id: one for one in found.items}
    taken = {one.card.id for one in first}
    return Match(
        field=reading.field,
        understood=reading.understood,
        items=tuple(_suggestion(one, by_id[one.card.id], facts[one.card.id], one not in ranked[:limit]) for one in first),
        crisis=None,
        others=tuple(by_id[one.card.id] for one in ranked if one.card.id not in taken),
        total=found.total,
        facets=found.facets,
        fields=fields,
        spoken_of=len(facts[first[0].card.id].matched) / len(set(reading.words)) if first and reading.words else 0.0,
    )  # fmt: skip


def _wanted(question: str, reading: Reading, field: str | None, only: Wanted) -> Wanted:
    """The question and the names of its topics. One field is kept to when chosen, or when all its topics are of it."""
    own = {topic.id for topic in reading.field.topics} if reading.field else set()
    certain = bool(field) or (bool(reading.topics) and all(topic.id in own for topic in reading.topics))
    names = " ".join(f"{topic.name.zh} {topic.name.en}" for topic in reading.topics)
    chosen = reading.field.id if reading.field and certain else only.field
    return replace(only, text=f"{names}\n{question}", field=chosen, sort="fit")


def _with_voted_field(reading: Reading, items: Sequence[FoundConsultant], fields: Sequence[FieldView]) -> Reading:
    """Without a topic, the consultants whose pages have the question's words tell the field, if most of them agree."""
    if reading.field or not items:
        return reading
    votes: dict[str, float] = {}
    for one in items[:10]:
        votes[one.card.field_id] = votes.get(one.card.field_id, 0.0) + one.score
    best = max(votes, key=votes.__getitem__)
    if votes[best] < sum(votes.values()) / 2:
        return reading
    return replace(reading, field=next((one for one in fields if one.id == best), None))


def _facts(
    items: Sequence[FoundConsultant], reading: Reading, zone: str, language: Language, now: datetime
) -> dict[str, rules.Facts]:
    asked = set(reading.words)
    usual = rules.median([price for one in items if (price := rules.per_minute(one.card))])
    return {
        one.card.id: rules.Facts(
            card=one.card, satisfaction=one.satisfaction, first_free=one.slots[0].start if one.slots else None,
            matched=tuple(word for word in one.matched if word in asked), reading=reading, language=language,
            price_ratio=rules.per_minute(one.card) / usual if usual else 0.0, zone=zone, now=now,
            text=one.score / (items[0].score or 1.0),
        )
        for one in items
    }  # fmt: skip


def _standing(one: FoundConsultant, facts: rules.Facts, now: datetime) -> Standing:
    reading = facts.reading
    relevant = rules.relevance(
        one.card,
        text=facts.text,
        topics=reading.weights,
        field_id=reading.field.id if reading.field else None,
        city=reading.city,
    )
    whole = rules.total(
        relevance=relevant,
        satisfaction=one.satisfaction,
        first_free=facts.first_free,
        price_ratio=facts.price_ratio,
        now=now,
    )
    return Standing(one.card, one.satisfaction, facts.first_free, relevant, whole)


def _suggestion(one: Standing, found: FoundConsultant, facts: rules.Facts, explored: bool) -> Suggestion:
    said, doubted = rules.reasons_of(facts), rules.doubt_of(facts)
    return Suggestion(found.card, found.satisfaction, found.slots, rules.fit(one.total), said, doubted, explored)
