"""Who can be booked soon, without a question asked: what the home page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import FieldView
from zhixun.features.search import rules
from zhixun.features.search.ports import Filter, SearchIndex
from zhixun.features.search.rules import Wanted
from zhixun.kernel.services import service as port

from .finding import FoundConsultant, Look, shown
from .free import Asking, FreeLook


@dataclass(frozen=True)
class Board:
    fields: tuple[FieldView, ...]
    counts: Mapping[str, int]
    """Field id → how many consultants."""
    free: Mapping[str, datetime]
    """Field id → a time at which someone of the field is free: the first of those looked at."""
    items: tuple[FoundConsultant, ...]
    also: tuple[FoundConsultant, ...] = ()
    """Those who were asked for by name."""


def board(db: Session, *, now: datetime, until: datetime, limit: int = 6, also: Sequence[str] = ()) -> Board:
    """Some of the best rated of each field who are free before `until`, the fields taking turns; when nobody is, who is
    free within a week. At most nine statements; of each field the BOARD_EACH best rated are looked at."""
    fields, index = catalog.bare_fields(db), port(SearchIndex)
    ids = {one.id: [hit.id for hit in index.find((), _of(one.id), limit=rules.BOARD_EACH).hits] for one in fields}
    everyone = list(dict.fromkeys([*also, *(one for some in ids.values() for one in some)]))
    week = now + rules.BOARD_AHEAD
    times = FreeLook(db, Asking(now, week), now=now)
    found = times.first(among=everyone)
    free = {name: [one for one in some if one in found] for name, some in ids.items()}
    today = {name: [one for one in some if found[one] < until] for name, some in free.items()}
    turns = today if any(today.values()) else free
    chosen = [one for turn in zip_longest(*turns.values()) for one in turn if one is not None and one not in also]
    counted = index.count_labels(())
    look = Look(index, (), Wanted(free_until=week))
    found_all = {one.card.id: one for one in shown(db, [*also, *chosen[:limit]], look, times)}
    return Board(
        tuple(fields),
        {one.id: counted.get(f"field={one.id}", 0) for one in fields},
        {name: min(found[one] for one in some) for name, some in free.items() if some},
        tuple(found_all[one] for one in chosen[:limit] if one in found_all),
        tuple(found_all[one] for one in also if one in found_all),
    )


def _of(field_id: str) -> Filter:
    return Filter(frozenset({f"field={field_id}"}))
