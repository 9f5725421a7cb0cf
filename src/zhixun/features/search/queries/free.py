"""When people are free first, looked up where it is written out; who has changed since is asked of the slot engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import cast

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceTiming
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling import rules as engine
from zhixun.features.scheduling.rules import Slot
from zhixun.features.search.models import FreeRun, FreeService
from zhixun.kernel.tables import any_of

from .times import FreeTimes, free_times

DAY_SECONDS = 86_400
FIRST = """
SELECT start, zone, horizon_days, array_agg(consultant_id) FROM (
  SELECT consultant_id, zone, horizon_days, min(start) AS start FROM (
    SELECT s.consultant_id, s.zone, s.horizon_days, r.last,
      greatest(r.first, r.first + (greatest(:from_, :second + s.notice_minutes * 60) - r.first + r.step_seconds - 1)
                                  / r.step_seconds * r.step_seconds) AS start
      FROM search_free_runs r JOIN search_free_services s ON s.id = r.service
     WHERE r.first >= :day AND r.first < :until AND r.last >= :from_ AND (r.free_at IS NULL OR r.free_at <= :now) {more}
  ) AS found WHERE start <= last AND start < :until GROUP BY consultant_id, zone, horizon_days
) AS earliest GROUP BY start, zone, horizon_days ORDER BY start DESC
"""
"""`start` is the first of a row's starts at or after both the beginning of the window and the end of the notice. How far
ahead a service can be booked hangs on the clock of its zone: that is applied to what comes back. Thousands are free at
the same few moments: they come together, because carrying each in a row of its own took longer than finding it."""
NEXT = """
SELECT s.service_id, s.zone, s.horizon_days, greatest(:from_, :second + s.notice_minutes * 60) AS soonest, r.first, r.last, r.step_seconds
  FROM search_free_services s CROSS JOIN LATERAL (
    SELECT first, last, step_seconds FROM search_free_runs r
     WHERE r.service = s.id AND r.first >= :day AND r.first < :until AND r.last >= greatest(:from_, :second + s.notice_minutes * 60)
       AND (r.free_at IS NULL OR r.free_at <= :now) ORDER BY r.first LIMIT :each
  ) r WHERE s.consultant_id = ANY(:ids) ORDER BY s.id, r.first
"""


@dataclass(frozen=True)
class Asking:
    """A stretch of time [from_, until), and which services count: by `channel` ("": any), not above `price_max_minor`."""

    from_: datetime
    until: datetime
    channel: str = ""
    price_max_minor: int | None = None

    def fits(self, service: ServiceTiming) -> bool:
        dear = self.price_max_minor is not None and service.price_minor > self.price_max_minor
        return not dear and self.channel in ("", service.channel)


class FreeLook:
    """One look at when people are free: exactly what the slot engine says, without asking it for each of them.

    Whose free times have changed since they were written out (a moment ago, mostly) is asked of the engine. Who that is is
    read first: what is written may become newer in between, never older. At most FREE_AHEAD_MAX ahead.
    """

    def __init__(self, db: Session, asking: Asking, *, now: datetime) -> None:
        self._db, self._asking, self._now = db, asking, now
        self._calendars = scheduling.changed_calendars(db, now)
        self._changed = frozenset(self._calendars)
        self._asked: FreeTimes | None = None
        self._horizon = lru_cache(maxsize=None)(lambda zone, days: engine.horizon_end(zone, days, now))

    def first(self, *, among: Collection[str] | None = None, until: datetime | None = None) -> dict[str, datetime]:
        """When each is free first, of any service, the soonest first; of everyone, or of those `among`. One statement, and
        two at the first time for who has changed."""
        until = until or self._asking.until
        changed = self._changed if among is None else self._changed.intersection(among)
        found = self._written(until, among) if among is None or len(changed) < len(among) else {}
        found = {one: start for one, start in found.items() if one not in changed}
        if changed:
            times = self._asked = self._asked or self._times()
            asked = {one: times.soonest(one, self._asking.from_, until) for one in changed}
            found |= {one: there[1].start for one, there in asked.items() if there is not None}
        return _in_order(found)

    def next(
        self, services: Mapping[str, Sequence[ServiceTiming]], *, each: int, soonest: bool = False
    ) -> dict[str, tuple[str, tuple[Slot, ...]]]:
        """Consultant id → the first service that has free times (of all that fit: the one with the `soonest`), and its first
        `each`; the first service, without times, where none has. One statement, and one for who has changed."""
        starts, times = self._next_starts([one for one in services if one not in self._changed], each), self._asked
        found = {}
        for one, sold in services.items():
            fitting = [service for service in sold if self._asking.fits(service)]
            if one in self._changed:
                times = times or self._times(services)
                window = (self._asking.from_, self._asking.until)
                free = {service.id: times.next(service, *window, each) for service in fitting}
            else:
                free = {service.id: [_slot(at, service) for at in starts.get(service.id, ())] for service in fitting}
            named = [name for name, slots in free.items() if slots]
            if soonest:
                named.sort(key=lambda name: free[name][0].start)
            name = next(iter(named), fitting[0].id if fitting else "")
            found[one] = (name, tuple(free.get(name, ())))
        return found

    def _times(self, services: Mapping[str, Sequence[ServiceTiming]] | None = None) -> FreeTimes:
        """Of everyone who has changed, or of those of them whose `services` are known."""
        asking, known = self._asking, services or {}
        ids = sorted(self._changed.intersection(known) if known else self._changed)
        return free_times(
            self._db, known or catalog.timings_of(self._db, ids), ids, now=self._now, from_=asking.from_, until=asking.until,
            fits=asking.fits, calendars=self._calendars,
        )  # fmt: skip

    def _written(self, until: datetime, among: Collection[str] | None) -> dict[str, datetime]:
        given, more = self._given(until), ""
        if among is not None:
            more, given["among"] = more + " AND s.consultant_id = ANY(:among)", list(among)
        if self._asking.channel:
            more, given["channel"] = more + " AND s.channel = :channel", self._asking.channel
        if self._asking.price_max_minor is not None:
            more, given["price"] = more + " AND s.price_minor <= :price", self._asking.price_max_minor
        found: dict[str, datetime] = {}
        for start, zone, days, ids in self._db.execute(text(FIRST.format(more=more)), given):
            if start < self._horizon(zone, days):
                found.update(dict.fromkeys(ids, datetime.fromtimestamp(start, UTC)))
        return found

    def _next_starts(self, ids: Sequence[str], each: int) -> dict[str, list[int]]:
        """Service id → its first starts."""
        found: dict[str, list[int]] = defaultdict(list)
        if not ids:
            return found
        given = self._given(self._asking.until) | {"ids": ids, "each": each}
        for service_id, zone, days, soonest, first, last, step in self._db.execute(text(NEXT), given):
            start = first + max(0, -(-(soonest - first) // step) * step)
            stop = min(last + 1, cast(int, given["until"]), self._horizon(zone, days))
            found[service_id] += range(start, stop, step)[: each - len(found[service_id])]
        return found

    def _given(self, until: datetime) -> dict[str, object]:
        second = -(-int(self._now.timestamp() * 1_000_000) // 1_000_000)
        from_ = max(int(self._asking.from_.timestamp()), second)
        return {
            "from_": from_, "day": from_ - from_ % DAY_SECONDS, "until": int(until.timestamp()), "second": second, "now": self._now,
        }  # fmt: skip


def _in_order(found: Mapping[str, datetime]) -> dict[str, datetime]:
    """The soonest first, then by id. Many share a time, so times are sorted once and ids among themselves."""
    together: dict[datetime, list[str]] = defaultdict(list)
    for one, start in found.items():
        together[start].append(one)
    return {one: start for start in sorted(together) for one in sorted(together[start])}


def _slot(start: int, service: ServiceTiming) -> Slot:
    at = datetime.fromtimestamp(start, UTC)
    return Slot(at, at + timedelta(minutes=service.minutes))


def written_starts(db: Session, ids: Sequence[str], now: datetime) -> dict[str, set[tuple[str, int, datetime | None]]]:
    """Consultant id → all that is written of who may be asked for at `now`: (service id, start, from when on it is free)."""
    rows = db.execute(
        select(FreeService.consultant_id, FreeService.service_id, FreeService.zone, FreeService.horizon_days,
               FreeRun.first, FreeRun.last, FreeRun.step_seconds, FreeRun.free_at)
        .join(FreeRun, FreeRun.service == FreeService.id)
        .where(FreeService.consultant_id == any_of(ids), FreeRun.last >= int(now.timestamp()))
    )  # fmt: skip
    found: dict[str, set[tuple[str, int, datetime | None]]] = defaultdict(set)
    for consultant_id, service_id, zone, days, first, last, step, free_at in rows:
        end, waits = engine.horizon_end(zone, days, now), free_at if free_at and free_at > now else None
        found[consultant_id] |= {
            (service_id, start, waits) for start in range(first, last + 1, step) if now.timestamp() <= start < end
        }
    return dict(found)
