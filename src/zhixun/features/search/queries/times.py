"""When people are free, by the slot engine, for many consultants and several services at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog.rules import ServiceTiming
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling import rules as engine
from zhixun.features.scheduling.rules import Busy, Calendar, Slot, SlotTerms

AROUND = timedelta(days=1)
"""What is taken further away moves no slot: services have no limits per day or week."""
LOOK_AHEAD = timedelta(days=14)
SOONEST_LOOKS = (timedelta(days=1), timedelta(days=4), LOOK_AHEAD)
LOOKS = (timedelta(days=2), timedelta(days=6), LOOK_AHEAD)
"""Most people are free within a few days, so the days after are read only for who is not."""


@dataclass(frozen=True)
class FreeTimes:
    """Calendars and taken times as they are now; asks the slot engine as often as needed without asking the database."""

    calendars: Mapping[str, Calendar]
    busy: Mapping[str, Sequence[Busy]]
    services: Mapping[str, Sequence[ServiceTiming]]
    now: datetime

    def of_service(self, service: ServiceTiming, from_: datetime, until: datetime) -> list[Slot]:
        """Every slot of one service that starts in [from_, until)."""
        calendar = self.calendars.get(service.consultant_id)
        if calendar is None:
            return []
        low, high = from_ - AROUND, until + AROUND
        busy = [one for one in self.busy.get(service.consultant_id, ()) if low < one.start < high]
        return engine.offer(calendar, _terms(service), busy, from_=from_, until=until, now=self.now)

    def first(self, consultant_id: str, from_: datetime, until: datetime, *, each: int) -> tuple[Slot, ...]:
        """The first `each` slots in [from_, until) of the consultant's first service that has any."""
        return self.first_with_service(consultant_id, from_, until, each=each)[1]

    def first_with_service(
        self, consultant_id: str, from_: datetime, until: datetime, *, each: int
    ) -> tuple[str, tuple[Slot, ...]]:
        """The same with the id of that service; of the first that fits, without slots, when none has any."""
        services = self.services.get(consultant_id, ())
        for service in services:
            if found := self._first_of(service, from_, until, each):
                return service.id, found
        return services[0].id if services else "", ()

    def starts(self, ids: Iterable[str], from_: datetime, until: datetime, *, enough: int) -> dict[str, datetime]:
        """When each is free first, the soonest before the others. Looks further ahead only while fewer than `enough` are
        free; who is not in the answer is not free before those who are, or not before `until`."""
        waiting, found = list(ids), dict[str, datetime]()
        start = max(from_, self.now)
        for end in (*(min(until, start + look) for look in SOONEST_LOOKS), until):
            here = {one: self.first(one, start, end, each=1) for one in waiting}
            found |= {one: slots[0].start for one, slots in here.items() if slots}
            waiting = [one for one in waiting if one not in found]
            if len(found) >= enough or end >= until:
                break
            start = end
        return dict(sorted(found.items(), key=lambda pair: pair[1]))

    def soonest_first(self, ids: Sequence[str], from_: datetime, until: datetime, *, enough: int) -> list[str]:
        """All of `ids`: the first `enough` are the soonest in their order; whoever is not free comes last."""
        soonest = self.starts(ids, from_, until, enough=enough)
        return [*soonest, *(one for one in ids if one not in soonest)]

    def _first_of(self, service: ServiceTiming, from_: datetime, until: datetime, each: int) -> tuple[Slot, ...]:
        found: list[Slot] = []
        start = max(from_, self.now)
        for end in (*(min(until, start + look) for look in LOOKS), until):
            found += self.of_service(service, start, end)
            if len(found) >= each or end >= until:
                break
            start = end
        return tuple(found[:each])


@lru_cache(maxsize=16_384)
def _terms(service: ServiceTiming) -> SlotTerms:
    return terms_of(service)


def free_times(
    db: Session,
    services: Mapping[str, Sequence[ServiceTiming]],
    ids: Sequence[str],
    *,
    now: datetime,
    from_: datetime,
    until: datetime,
    fits: Callable[[ServiceTiming], bool] = lambda service: True,
    viewer_id: str | None = None,
) -> FreeTimes:
    """What the engine needs for [from_, until) for these consultants and those of their services that `fits`, in the order of
    `ids`. The viewer's own unpaid holds hide nothing from them. Three statements."""
    fitting = {one: [service for service in services.get(one, ()) if fits(service)] for one in ids}
    busy = scheduling.busy_of(db, ids, from_, until, now, viewer_id=viewer_id, around=AROUND)
    return FreeTimes(scheduling.calendars_of(db, ids), busy, fitting, now)
