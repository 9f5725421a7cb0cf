"""Who fits a person: ranked when they do something, kept, and told with true reasons when a page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.behaviour import queries as behaviour
from zhixun.features.catalog import queries as catalog
from zhixun.features.profiles import queries as profiles
from zhixun.features.profiles.queries import ProfileView
from zhixun.features.quality import queries as quality
from zhixun.features.quality.queries import NOTHING_YET
from zhixun.features.recommend import rules
from zhixun.features.recommend.models import Suggested
from zhixun.features.recommend.rules import Personal, Standing
from zhixun.features.recommend.rules import choices as choosing
from zhixun.features.search import queries as search
from zhixun.features.search.queries import FoundConsultant
from zhixun.kernel.values import Language, Words

from .learnt import live_model
from .matching import Suggestion

LABELS_ASKED, EACH_LABEL = 6, 40
KEPT = 10


@dataclass(frozen=True)
class Stored:
    """One suggestion as it is kept. `parts`: name → 0 to 1. `seen`: how many deeds of theirs speak of `label`."""

    id: str
    total: float
    parts: Mapping[str, float]
    label: str
    name: Words
    seen: int
    others: bool
    newcomer: bool

    def as_row(self) -> dict[str, Any]:
        return {**asdict(self), "name": self.name.as_dict()}


def ranked_for(db: Session, user_id: str, *, zone: str, now: datetime) -> list[Stored]:
    """The best KEPT for a person, by the published score and by what others chose; nobody of whom they said "not
    interested". Empty while nothing is known of them. Asks the index and the log."""
    profile = profiles.profile_of(db, user_id)
    interest = rules.interest_vector(profile.vector)
    if not interest:
        return []
    others = choosing.scores_for(live_model(db).weights, _chosen(db, user_id))
    ranked = _ranked(db, profile, interest, others, now)
    if not ranked:
        return []
    standing = {one.card.id: one for one in ranked}
    ordered = [
        Standing(one.card, one.satisfaction, now, one.parts["interests"], one.total) for one in rules.varied(ranked)
    ]
    day = now.astimezone(ZoneInfo(zone)).date()
    first = rules.with_newcomer(ordered, limit=min(rules.EXPLORE_PLACE, len(ordered)), question=user_id, day=day)
    taken = {one.card.id for one in first}
    whole = [*first, *(one for one in ordered if one.card.id not in taken)][:KEPT]
    names = profiles.names_of_labels(catalog.fields(db))
    explored = taken - {one.card.id for one in ordered[: rules.EXPLORE_PLACE]}
    return [_stored(standing[one.card.id], profile, names, others, one.card.id in explored) for one in whole]


def stored_for(db: Session, user_id: str) -> list[Stored]:
    """What was ranked for a person last. One statement."""
    rows = db.scalar(select(Suggested.items).where(Suggested.user_id == user_id)) if user_id else None
    return [Stored(**{**row, "name": Words.of(row["name"])}) for row in rows or ()]


def explained(
    stored: Sequence[Stored], found: Mapping[str, FoundConsultant], *, language: Language, zone: str, now: datetime
) -> list[Suggestion]:
    """The stored suggestions with reasons and doubts that are true now; who is no longer listed is left out."""
    there = [one for one in stored if one.id in found]
    return [_suggestion(one, found[one.id], language, zone, now) for one in there]


def personal(
    db: Session, user_id: str, *, zone: str, language: Language, now: datetime, limit: int = 3
) -> list[Suggestion]:
    """Ranked and explained in one go, for programs."""
    stored = ranked_for(db, user_id, zone=zone, now=now)[:limit]
    found = search.consultants_of(db, [one.id for one in stored], now=now)
    return explained(stored, found, language=language, zone=zone, now=now)


def _chosen(db: Session, user_id: str) -> dict[str, float]:
    """Consultant id → how much of a choice it was."""
    chosen: dict[str, float] = {}
    for one in behaviour.interactions_of(db, user_id, limit=200):
        if one.consultant_id and one.kind in choosing.CHOICE_WEIGHTS:
            chosen[one.consultant_id] = max(chosen.get(one.consultant_id, 0.0), choosing.CHOICE_WEIGHTS[one.kind])
    return chosen


def _ranked(
    db: Session, profile: ProfileView, interest: Mapping[str, float], others: Mapping[str, float], now: datetime
) -> list[Personal]:
    """Candidates by the strongest labels and by what others chose; the LOOKED_AT best of them with their free times."""
    labels = [name for name in interest if name.startswith(("topic=", "field="))][:LABELS_ASKED]
    most = max(others.values(), default=0.0) or 1.0
    ids = {*search.ids_of_labels(labels, each=EACH_LABEL), *others} - profile.not_interested
    cards, seen = catalog.consultant_cards(db, sorted(ids)), quality.satisfaction_of(db, sorted(ids))
    made = []
    for card in cards:
        if not card.services:
            continue
        satisfaction = seen.get(card.id, NOTHING_YET)
        features = rules.features_of(card, satisfaction)
        service = card.first_service
        parts = {
            "interests": rules.score(interest, features), "others": others.get(card.id, 0.0) / most,
            "time": 0.0, "price": rules.price_fit(service.price.amount_minor if service else 0, profile.habits.price_minor),
        }  # fmt: skip
        made.append(Personal(card, satisfaction, features, parts, rules.strongest_label(interest, features)))
    best = sorted(made, key=lambda one: (-one.total, one.card.id))[: rules.LOOKED_AT]
    free = search.first_free(db, [one.card.id for one in best], now=now)
    return [
        Personal(one.card, one.satisfaction, one.features, {**one.parts, "time": rules.time_fit(free.get(one.card.id), now)}, one.label)
        for one in best
    ]  # fmt: skip


def _stored(
    one: Personal, profile: ProfileView, names: Mapping[str, Words], others: Mapping[str, float], explored: bool
) -> Stored:
    seen = sum(profile.sources.get(one.label, {}).values())
    parts = {name: round(part, 4) for name, part in one.parts.items()}
    return Stored(
        one.card.id, round(one.total, 4), parts, one.label, names.get(one.label, Words()), seen, one.card.id in others, explored
    )  # fmt: skip


def _suggestion(one: Stored, found: FoundConsultant, language: Language, zone: str, now: datetime) -> Suggestion:
    facts = rules.Facts(
        card=found.card, satisfaction=found.satisfaction, first_free=found.slots[0].start if found.slots else None,
        matched=(), price_ratio=0.0, text=0.0, reading=rules.NOTHING_READ, language=language, zone=zone, now=now,
    )  # fmt: skip
    said = rules.personal_reasons_of(facts, label=one.label, name=one.name, seen=one.seen, others=one.others)
    return Suggestion(
        found.card, found.satisfaction, found.slots, rules.fit(one.total), said, rules.doubt_of(facts), one.newcomer,
        {name: round(100 * part * rules.PERSONAL_PERCENT[name] / 100) for name, part in one.parts.items()},
    )  # fmt: skip
