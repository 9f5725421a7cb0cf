"""Door 1 of search: who fits what is wanted, who can be booked soon, and what the index should hold."""

from __future__ import annotations

from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.search.ports import Filter, SearchIndex
from zhixun.kernel.services import service as port

from .board import Board, board
from .documents import documents, learn
from .finding import Found, FoundConsultant, find_consultants
from .times import LOOK_AHEAD, FreeTimes, free_times

__all__ = [
    "LOOK_AHEAD", "Board", "Found", "FoundConsultant", "FreeTimes", "board", "count_of_topic", "documents", "find_consultants",
    "free_times", "index_is_whole", "learn",
]  # fmt: skip


def count_of_topic(topic_id: str) -> int:
    """How many consultants have the topic, by the index."""
    return port(SearchIndex).find((), Filter(frozenset({f"topic={topic_id}"})), limit=1).total


def index_is_whole(db: Session) -> bool:
    """Whether the index has as many consultants as can be booked."""
    return port(SearchIndex).count() == catalog.bookable_count(db)
