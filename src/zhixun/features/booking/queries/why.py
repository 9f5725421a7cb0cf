"""Why a time is, or is not, offered: every rule, and the bookings and group sessions that are in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.booking.models import Group
from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.rules import Busy, Calendar, Verdict
from zhixun.kernel.values import Words

from .bookings import BookingView, bookings_by_ids


@dataclass(frozen=True)
class InTheWay:
    """A time held or taken, and what it belongs to. Neither a booking nor a group: it is kept for someone who waits."""

    time: Busy
    booking: BookingView | None
    group_title: Words | None


@dataclass(frozen=True)
class Why:
    service: ServiceView
    at: datetime
    sold: bool
    """Whether the service is sold at all, by someone who is listed."""
    checks: tuple[Verdict, ...]
    in_the_way: tuple[InTheWay, ...]

    @property
    def offered(self) -> bool:
        return self.sold and all(one.holds for one in self.checks)


def why(db: Session, *, service: ServiceView, at: datetime, now: datetime, calendar: Calendar) -> Why:
    """For callers that have decided who may see it. Five statements at most."""
    found = scheduling.examine(
        db, consultant_id=service.consultant_id, terms=terms_of(service), at=at, now=now, calendar=calendar
    )
    times = [time for check in found for time in check.times]
    sold = service.active and catalog.is_listed(db, service.consultant_id)
    return Why(service, at, sold, tuple(found), tuple(_in_the_way(db, times, now)))


def _in_the_way(db: Session, times: Sequence[Busy], now: datetime) -> list[InTheWay]:
    ids = [one.hold_id for one in times]
    bookings = bookings_by_ids(db, ids, now) if ids else {}
    others = [one for one in ids if one not in bookings]
    titles = dict(db.execute(select(Group.id, Group.title).where(Group.id.in_(others))).all()) if others else {}
    return [InTheWay(one, bookings.get(one.hold_id), titles.get(one.hold_id)) for one in times]
