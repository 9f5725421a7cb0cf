"""When people are free, by the slot engine, for many consultants and several services at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        return engine.offer(calendar, terms_for(service), busy, from_=from_, until=until, now=self.now)

    def soonest(self, consultant_id: str, from_: datetime, until: datetime) -> tuple[str, Slot] | None:
        """The id of the service, and the first slot in [from_, until) that any of them has."""
        start = max(from_, self.now)
        for end in (*(min(until, start + look) for look in LOOKS), until):
            firsts = [
                (found[0], place, service.id)
                for place, service in enumerate(self.services.get(consultant_id, ()))
                if (found := self.of_service(service, start, end))
            ]
            if firsts:
                slot, _, service_id = min(firsts)
                return service_id, slot
            start = end
        return None

    def next(self, service: ServiceTiming, from_: datetime, until: datetime, each: int) -> list[Slot]:
        """The first `each` slots of one service in [from_, until)."""
        found: list[Slot] = []
        start = max(from_, self.now)
        for end in (*(min(until, start + look) for look in LOOKS), until):
            found += self.of_service(service, start, end)
            if len(found) >= each or end >= until:
                break
            start = end
        return found[:each]


@lru_cache(maxsize=16_384)
def terms_for(service: ServiceTiming) -> SlotTerms:
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
    calendars: Mapping[str, Calendar] | None = None,
) -> FreeTimes:
    """What the engine needs for [from_, until) for these consultants and those of their services that `fits`, in the order of
    `ids`. The viewer's own unpaid holds hide nothing from them. Two statements; one
    for who has read the `calendars` already."""
    fitting = {one: [service for service in services.get(one, ()) if fits(service)] for one in ids}
    busy = scheduling.busy_of(db, ids, from_, until, now, viewer_id=viewer_id, around=AROUND)
    return FreeTimes(scheduling.calendars_of(db, ids) if calendars is None else calendars, busy, fitting, now)
