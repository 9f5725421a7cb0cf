"""The clock looks after the index: a new, foreign or emptied one is filled by itself."""

from __future__ import annotations

from collections.abc import Iterator

from zhixun.kernel.services import service
from zhixun.kernel.tables import Session

from . import queries
from .ports import Document, SearchIndex


def keep_index_whole() -> None:
    """Build the index anew when it is empty, of another format, or does not have everyone."""
    with Session() as db:
        whole = queries.index_is_whole(db)
    if not whole:
        service(SearchIndex).rebuild(_documents())


def _documents() -> Iterator[Document]:
    with Session() as db:
        yield from queries.documents(db)
