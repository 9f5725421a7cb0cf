"""The clock looks after the index: a new, foreign or emptied one is filled by itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import actions, queries
from .ports import Document, SearchIndex

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Calendars in one transaction: they are locked for as long."""
LOOK_SECONDS = 45
NEWER_THAN = timedelta(days=2)


def keep_index_whole() -> None:
    """Build the index anew when it is empty, of another format, or does not have everyone."""
    with Session() as db:
        whole = queries.index_is_whole(db)
    if not whole:
        service(SearchIndex).rebuild(_documents())


def _documents() -> Iterator[Document]:
    with Session() as db:
        yield from queries.documents(db)


def keep_free_times_written() -> None:
    """Write out the free times of everyone of whom a fact was lost, or has not come yet; of all of them in a new house."""
    with Session() as db:
        changed = scheduling.changed_since_written(db, utc_now())
    for some in _batches(changed, seconds=LOOK_SECONDS):
        with unit_of_work() as uow:
            actions.write_free_times(uow, consultant_ids=some)


def look_further_ahead() -> None:
    """Free times are written out for the days one may book. Every day has a new one."""
    with Session() as db:
        short = scheduling.changed_since_written(db, utc_now() + NEWER_THAN)
    for some in _batches(short):
        with unit_of_work() as uow:
            actions.write_free_times(uow, consultant_ids=some)


def check_free_times() -> None:
    with Session() as db:
        everyone = scheduling.calendar_ids(db)
    wrong = list[str]()
    for some in _batches(everyone):
        with unit_of_work() as uow:
            wrong += actions.check_free_times(uow, consultant_ids=some)
    log.log(
        logging.WARNING if wrong else logging.INFO,
        "free times of %d calendars compared with the slot engine: %d differed and were written anew %s",
        len(everyone), len(wrong), " ".join(wrong[:20]),
    )  # fmt: skip


def _batches(ids: Sequence[str], *, seconds: float = 3600.0) -> Iterator[Sequence[str]]:
    """What is not begun within `seconds` is left for the next time."""
    ends = time.monotonic() + seconds
    for start in range(0, len(ids), AT_ONCE):
        if time.monotonic() > ends:
            return
        yield ids[start : start + AT_ONCE]
