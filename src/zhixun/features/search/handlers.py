"""The index follows the facts. Each reads the truth anew, so twice, late or out of order comes to the same."""

from __future__ import annotations

from zhixun.events.catalog import ConsultantListed, ConsultantUnlisted
from zhixun.events.privacy import PersonErased
from zhixun.events.quality import FeedbackGiven
from zhixun.events.scheduling import FreeTimesChanged
from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries
from .ports import Document, SearchIndex


def index_listed(event: ConsultantListed) -> None:
    bring_up_to_date([event.consultant_id])


def forget_unlisted(event: ConsultantUnlisted) -> None:
    bring_up_to_date([event.consultant_id])


def index_rating(event: FeedbackGiven) -> None:
    bring_up_to_date([event.consultant_id])


def forget_erased(event: PersonErased) -> None:
    """Removing a document leaves its words in the index's files until they are merged; built anew, they are nowhere."""
    index = service(SearchIndex)
    with Session() as db:
        index.rebuild(list(queries.documents(db)))


def write_free_times(event: FreeTimesChanged) -> None:
    _write_free_times([event.consultant_id])


def bring_up_to_date(ids: list[str]) -> None:
    """Put or remove until the index says what the database says. Two workers doing so at once end with the same."""
    _write_free_times(ids)
    index = service(SearchIndex)
    while stale := _stale(index, ids):
        put, gone = stale
        if put:
            index.put(put)
        if gone:
            index.remove(gone)


def _write_free_times(ids: list[str]) -> None:
    """Of those who have changed. Who changed more often meanwhile is written out once."""
    with unit_of_work() as uow:
        changed = set(scheduling.changed_since_written(uow.db, uow.now))
        actions.write_free_times(uow, consultant_ids=[one for one in ids if one in changed])


def _stale(index: SearchIndex, ids: list[str]) -> tuple[list[Document], list[str]] | None:
    with Session() as db:
        truth = {document.id: document for document in queries.documents(db, ids)}
    stored = index.digests(ids)
    put = [document for document in truth.values() if stored.get(document.id) != document.digest]
    gone = [one for one in stored if one not in truth]
    return (put, gone) if put or gone else None
