"""Finding: words and facets by the index, free times by the slot engine, everything shown from the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantCard, FieldView, ServiceTiming
from zhixun.features.quality import queries as quality
from zhixun.features.quality.queries import NOTHING_YET, Satisfaction
from zhixun.features.scheduling.rules import Slot
from zhixun.features.search import rules
from zhixun.features.search.ports import Filter, Order, SearchIndex
from zhixun.features.search.rules import Wanted
from zhixun.kernel.services import service as port

from .documents import learn
from .times import LOOK_AHEAD, FreeTimes, free_times


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

    With free times or sort="soonest" the CANDIDATES_MAX best take part; each of them is asked of the slot engine.
    """
    fields = fields or catalog.fields(db)
    learn(fields)
    look = Look(port(SearchIndex), rules.words(wanted.text), wanted)
    within, times = look.near, None
    if wanted.asks_free_time:
        times = _times(db, look.candidates(), wanted, now)
        within = [one for one in times.services if times.first(one, *_window(wanted, now), each=1)]
    if wanted.sort == "soonest":
        everyone = look.listed(within)
        times = times or _times(db, everyone, wanted, now)
        ids = times.soonest_first(everyone, *_window(wanted, now), enough=offset + limit)[offset : offset + limit]
        total = len(everyone)
    else:
        ids, total = look.page(within, offset, limit)
    items = shown(db, ids, look, times, now)
    more = offset + limit < total
    return Found(tuple(items), total, offset + limit if more else None, look.facets(within), tuple(fields))


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

    def candidates(self) -> list[str]:
        """Everyone whose free times may matter, also for the counts of facets not chosen; the best first."""
        if self.near is not None:
            return self.near
        return [hit.id for hit in self.index.find((), limit=rules.CANDIDATES_MAX).hits]

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


def _times(db: Session, ids: Sequence[str], wanted: Wanted, now: datetime) -> FreeTimes:
    """Of all these, in their order. Four statements."""
    from_, until = _window(wanted, now)
    return free_times(db, catalog.timings_of(db, ids), ids, now=now, from_=from_, until=until, fits=_fitting(wanted))


def shown(
    db: Session, ids: Sequence[str], look: Look, times: FreeTimes | None, now: datetime
) -> Iterator[FoundConsultant]:
    """What a page says of these, from the database: who left a moment ago is not shown."""
    cards = catalog.consultant_cards(db, ids) if ids else []
    satisfaction = quality.satisfaction_of(db, ids) if ids else {}
    from_, until = _window(look.wanted, now)
    if times is None and cards:
        services = {card.id: [service.timing for service in card.services] for card in cards}
        times = free_times(db, services, ids, now=now, from_=from_, until=until, fits=_fitting(look.wanted))
    matched = look.index.matched_words(look.words, ids)
    for card in cards:
        service_id, slots = (
            times.first_with_service(card.id, from_, until, each=rules.SLOTS_EACH) if times else ("", ())
        )
        seen = satisfaction.get(card.id, NOTHING_YET)
        yield FoundConsultant(
            _led_by(card, service_id), seen, slots, look.scores.get(card.id, 0.0), matched.get(card.id, ())
        )


def _led_by(card: ConsultantCard, service_id: str) -> ConsultantCard:
    """The card with the service first whose times are shown, so that times and price belong together."""
    if not service_id or card.services[0].id == service_id:
        return card
    return replace(card, services=tuple(sorted(card.services, key=lambda service: service.id != service_id)))


def _window(wanted: Wanted, now: datetime) -> tuple[datetime, datetime]:
    from_ = max(wanted.free_from or now, now)
    return from_, min(wanted.free_until or from_ + LOOK_AHEAD, now + rules.FREE_AHEAD_MAX)


def _fitting(wanted: Wanted) -> Callable[[ServiceTiming], bool]:
    def fits(service: ServiceTiming) -> bool:
        dear = wanted.price_max_minor is not None and service.price_minor > wanted.price_max_minor
        return not dear and wanted.channel in ("", service.channel)

    return fits
