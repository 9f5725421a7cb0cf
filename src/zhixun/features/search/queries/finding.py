"""Finding: words and facets by the index, free times by the slot engine, everything shown from the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import cast

from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantCard, FieldView
from zhixun.features.quality import queries as quality
from zhixun.features.quality.queries import NOTHING_YET, Satisfaction
from zhixun.features.scheduling.rules import Slot
from zhixun.features.search import rules
from zhixun.features.search.ports import Filter, Order, SearchIndex
from zhixun.features.search.rules import Wanted
from zhixun.kernel.services import service as port

from .documents import learn
from .free import Asking, FreeLook
from .times import LOOK_AHEAD

DAY = timedelta(days=1)


@dataclass(frozen=True)
class FoundConsultant:
    card: ConsultantCard
    satisfaction: Satisfaction
    slots: tuple[Slot, ...]
    """The first few free times of the card's first service, within what was asked for or the next 14 days."""
    score: float = 0.0
    matched: tuple[str, ...] = ()
    """Which words of the text their page has."""


@dataclass(frozen=True)
class Found:
    items: tuple[FoundConsultant, ...]
    total: int
    next_offset: int | None
    facets: Mapping[str, Mapping[str, int]]
    """Facet → value → how many there would be with that value instead. `price_max_minor` has amounts as values."""
    fields: tuple[FieldView, ...]


def find_consultants(
    db: Session,
    wanted: Wanted,
    *,
    now: datetime,
    offset: int = 0,
    limit: int = rules.PAGE_SIZE,
    fields: Sequence[FieldView] = (),
) -> Found:
    """Who fits what is wanted, a page of them. `wanted` has no rules.problems; `fields` when they are read already. At
    most ten statements.

    Words are met by the CANDIDATES_MAX best at most; free times and the soonest first are of everyone.
    """
    fields = fields or catalog.fields(db)
    learn(fields)
    look = Look(port(SearchIndex), rules.words(wanted.text), wanted)
    free = FreeLook(db, _asking(wanted, now), now=now)
    within = look.near
    if wanted.asks_free_time:
        first = free.first(among=look.near)
        within = list(first) if look.near is None else [one for one in look.near if one in first]
    if wanted.sort != "soonest":
        ids, total = look.page(within, offset, limit)
    elif wanted.asks_free_time:
        ids, total = _soonest(look, first, within, offset, limit)
    else:
        ids, total = _soonest_of_all(look, free, now, offset, limit)
    items = shown(db, ids, look, free)
    more = offset + limit < total
    return Found(tuple(items), total, offset + limit if more else None, look.facets(within), tuple(fields))


def _soonest(
    look: Look, free: Mapping[str, datetime], within: Sequence[str] | None, offset: int, limit: int
) -> tuple[list[str], int]:
    """A page of those `within` who have every facet wanted, the soonest first and the best rated of equals, and how many
    there are in all. `free` is in the order of time; who is not in it comes last."""
    total, ids = look.count(within), list[str]()
    for some in _same_starts_together(free):
        if len(ids) >= offset + limit:
            break
        ids += sorted(look.listed(some), key=free.__getitem__)
    if len(ids) < offset + limit:
        there = set(ids)
        ids += [one for one in look.listed(within) if one not in there and one not in free]
    return ids[offset : offset + limit], total


def _soonest_of_all(look: Look, free: FreeLook, now: datetime, offset: int, limit: int) -> tuple[list[str], int]:
    """The same of everyone. Most people are free within a day; the days after are looked through for a page not full."""
    first = free.first(among=look.near, until=now + DAY)
    if look.count(list(first)) < offset + limit:
        first = free.first(among=look.near)
    return _soonest(look, first, look.near, offset, limit)


def _same_starts_together(free: Mapping[str, datetime]) -> Iterator[list[str]]:
    """The ids in their order, some hundreds at a time; who is free at the same time is never apart."""
    some: list[str] = []
    for _, group in groupby(free, key=free.__getitem__):
        some += group
        if len(some) >= rules.SOONEST_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


class Look:
    """One look into the index: the words that were asked for, and the consultants near enough to them."""

    def __init__(self, index: SearchIndex, words: tuple[str, ...], wanted: Wanted) -> None:
        self.index, self.words, self.wanted = index, words, wanted
        self.scores: dict[str, float] = {}
        self.loose = False
        if words:
            self._read_scores()
        self.near: list[str] | None = list(self.scores) if words else None

    def _read_scores(self) -> None:
        hits = self.index.find(self.words, limit=rules.CANDIDATES_MAX).hits
        if not hits:
            # Nobody has these words: perhaps one letter is wrong, or a character that sounds the same was written.
            spoken = (*self.words, *rules.pinyin_words(self.wanted.text))
            hits = self.index.find(spoken, limit=rules.CANDIDATES_MAX, loose=True).hits
        if hits:
            floor = hits[0].score * rules.SCORE_FLOOR
            self.scores = {hit.id: hit.score for hit in hits if hit.score >= floor}

    def page(self, within: Sequence[str] | None, offset: int, limit: int) -> tuple[list[str], int]:
        """The ids of one page in the wanted order, and how many there are in all."""
        if self.wanted.sort == "fit" and self.words:
            ids = self.listed(within)
            return ids[offset : offset + limit], len(ids)
        order = cast(Order, self.wanted.sort)
        found = self.index.find((), self._only(within), order=order, offset=offset, limit=limit)
        return [hit.id for hit in found.hits], found.total

    def listed(self, within: Sequence[str] | None) -> list[str]:
        """Those of `within` (or of all) who have every facet wanted, in the order of `within`, or the best rated first."""
        there = [hit.id for hit in self.index.find((), self._only(within), limit=rules.CANDIDATES_MAX).hits]
        if within is None:
            return there
        place = {one: number for number, one in enumerate(within)}
        return sorted(there, key=place.__getitem__)

    def count(self, within: Sequence[str] | None) -> int:
        """How many of `within` (or of all) have every facet wanted."""
        return self.index.find((), self._only(within), limit=1).total

    def facets(self, within: Sequence[str] | None) -> dict[str, dict[str, int]]:
        """Counted under every other facet; one more question to the index for each facet chosen."""
        everything = self.index.count_labels((), self._only(within))
        found: dict[str, dict[str, int]] = {}
        for name in (*rules.FACETS, "price_max_minor"):
            chosen = (
                self.wanted.price_max_minor is not None if name == "price_max_minor" else getattr(self.wanted, name)
            )
            counted = self.index.count_labels((), self._only(within, but=name)) if chosen else everything
            found[name] = _of_facet(counted, name, self.wanted.channel)
        return found

    def _only(self, within: Sequence[str] | None, *, but: str = "") -> Filter:
        wanted = self.wanted
        labels = {f"{name}={getattr(wanted, name)}" for name in rules.FACETS if name != but and getattr(wanted, name)}
        price = wanted.price_max_minor if but != "price_max_minor" else None
        return Filter(frozenset(labels), price, wanted.channel if but != "channel" else "", within)


def _of_facet(counted: Mapping[str, int], name: str, channel: str) -> dict[str, int]:
    label = (f"price_{channel}" if channel else "price") if name == "price_max_minor" else name
    return {key.removeprefix(label + "="): count for key, count in counted.items() if key.startswith(label + "=")}


def shown(db: Session, ids: Sequence[str], look: Look, free: FreeLook) -> Iterator[FoundConsultant]:
    """What a page says of these, from the database: who left a moment ago is not shown."""
    cards = catalog.consultant_cards(db, ids) if ids else []
    if not cards:
        return
    satisfaction, matched = quality.satisfaction_of(db, ids), look.index.matched_words(look.words, ids)
    services = {card.id: [service.timing for service in card.services] for card in cards}
    times = free.next(services, each=rules.SLOTS_EACH, soonest=look.wanted.sort == "soonest")
    for card in cards:
        service_id, slots = times[card.id]
        seen = satisfaction.get(card.id, NOTHING_YET)
        yield FoundConsultant(
            _led_by(card, service_id), seen, slots, look.scores.get(card.id, 0.0), matched.get(card.id, ())
        )


def _led_by(card: ConsultantCard, service_id: str) -> ConsultantCard:
    """The card with the service first whose times are shown, so that times and price belong together."""
    if not service_id or card.services[0].id == service_id:
        return card
    return replace(card, services=tuple(sorted(card.services, key=lambda service: service.id != service_id)))


def _asking(wanted: Wanted, now: datetime) -> Asking:
    from_ = max(wanted.free_from or now, now)
    until = min(wanted.free_until or from_ + LOOK_AHEAD, now + rules.FREE_AHEAD_MAX)
    return Asking(from_, until, wanted.channel, wanted.price_max_minor)
