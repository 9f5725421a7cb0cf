"""Door 1 of search: who fits what is wanted, who can be booked soon, and what the index should hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.search import rules
from zhixun.features.search.ports import Filter, SearchIndex
from zhixun.features.search.rules import Suggested, Wanted
from zhixun.kernel.services import service as port

from .board import Board, board
from .documents import documents, learn
from .finding import Found, FoundConsultant, Look, find_consultants, shown
from .free import Asking, FreeLook
from .times import LOOK_AHEAD, FreeTimes, free_times

__all__ = [
    "LOOK_AHEAD", "Asking", "Board", "Found", "FoundConsultant", "FreeLook", "FreeTimes", "board", "consultants_of", "count_of_topic", "documents", "find_consultants", "first_free",
    "free_times", "ids_of_labels", "index_is_whole", "learn", "suggest",
]  # fmt: skip


def ids_of_labels(labels: Sequence[str], *, each: int) -> set[str]:
    """The best rated who carry one of these labels, `each` of every label, by the index."""
    index = port(SearchIndex)
    return {hit.id for label in labels for hit in index.find((), Filter(frozenset({label})), limit=each).hits}


def first_free(db: Session, ids: Sequence[str], *, now: datetime) -> dict[str, datetime]:
    """When each is free first within LOOK_AHEAD; who is not is not in it. Two statements, and four for who has changed."""
    return FreeLook(db, Asking(now, now + LOOK_AHEAD), now=now).first(among=ids)


def consultants_of(db: Session, ids: Sequence[str], *, now: datetime) -> dict[str, FoundConsultant]:
    """These, as a list shows them, by id; who is no longer listed is not in it."""
    if not ids:
        return {}
    look, free = Look(port(SearchIndex), (), Wanted()), FreeLook(db, Asking(now, now + LOOK_AHEAD), now=now)
    return {one.card.id: one for one in shown(db, ids, look, free)}


def suggest(db: Session, typed: str) -> list[Suggested]:
    """Fields, topics and consultants that may be meant by the first letters, in either language or by sound. Three
    statements."""
    if not typed.strip():
        return []
    fields = catalog.fields(db)
    named = [Suggested("field", one.id, one.name, one.id) for one in fields]
    named += [Suggested("topic", topic.id, topic.name, one.id) for one in fields for topic in one.topics]
    named += [Suggested("consultant", one.slug, one.name) for one in catalog.listed_names(db)]
    terms = {topic.id: topic.synonyms for one in fields for topic in one.topics}
    return rules.suggestions(typed[: rules.SUGGEST_LENGTH_MAX], named, terms)


def count_of_topic(topic_id: str) -> int:
    """How many consultants have the topic, by the index."""
    return port(SearchIndex).find((), Filter(frozenset({f"topic={topic_id}"})), limit=1).total


def index_is_whole(db: Session) -> bool:
    """Whether the index has as many consultants as can be booked."""
    return port(SearchIndex).count() == catalog.bookable_count(db)
