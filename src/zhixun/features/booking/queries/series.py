"""A series: what its dates would be and which of them are free, and the bookings it has become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.accounts.rules import may
from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking, Series
from zhixun.features.booking.rules import State
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.rules import (
    INSTEAD_WITHIN,
    Recurrence,
    SlotTerms,
    check_recurrence,
    clock_changes,
    dates_of,
    offer,
)
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Actor, Money

from .bookings import BookingView, view_of

NEAREST = 3


@dataclass(frozen=True)
class SeriesDate:
    """One date of a series that is being planned."""

    number: int
    start: datetime
    end: datetime
    free: bool
    alternatives: tuple[datetime, ...]
    """Of a date that is not free: the free times nearest to it within six days, the nearest first."""
    clock_changed: bool
    """Whether the clock of the rule's zone was changed since the date before."""
    viewer_clock_changed: bool


@dataclass(frozen=True)
class SeriesView:
    id: str
    client_id: str
    consultant_id: str
    service_id: str
    payment_id: str
    zone: str
    weeks_apart: int
    bookings: tuple[BookingView, ...]
    """Soonest first."""

    @property
    def held(self) -> bool:
        """Whether it waits for its money."""
        return any(one.state is State.HELD for one in self.bookings)

    @property
    def total(self) -> Money:
        """Of what is held or stands, the price."""
        prices = [one.price for one in self.bookings]
        return sum(prices[1:], prices[0])

    @property
    def to_cancel(self) -> tuple[BookingView, ...]:
        """The sessions that "cancel the rest" ends."""
        return tuple(one for one in self.bookings if one.may_cancel)

    def back_now(self, user_id: str) -> Money:
        """What cancelling the rest gives the client back at this moment."""
        return sum((self.back_of(one, user_id) for one in self.to_cancel), Money(0, self.total.currency))

    def back_of(self, one: BookingView, user_id: str) -> Money:
        if one.state is State.HELD:
            return Money(0, one.price.currency)
        return one.refund_now if user_id == one.client_id else one.price


def terms_in_series(service: ServiceView, number: int) -> SlotTerms:
    """What the slot engine asks of the `number`-th session. The first lies within the consultant's horizon, as every
    booking; the others follow from it, however far they reach."""
    terms = rules.terms_of(service)
    return terms if number == 1 else replace(terms, horizon_days=None)


def plan_series(
    db: Session, *, service: ServiceView, wanted: Recurrence, viewer_zone: str, now: datetime
) -> list[SeriesDate]:
    """The dates of a series and which of them are free, before anything is held. Three statements. Raises Invalid,
    NotFound."""
    starts, length = dates_of(check_recurrence(wanted)), timedelta(minutes=service.minutes)
    free = _free_around(db, service, starts, now)
    changes, viewer_changes = clock_changes(starts, wanted.zone), clock_changes(starts, viewer_zone)
    dates = []
    for number, start in enumerate(starts, 1):
        near = None if free(number, start, timedelta()) else _nearest(free(number, start, INSTEAD_WITHIN), start)
        dates.append(
            SeriesDate(
                number, start, start + length, near is None, near or (), changes[number - 1], viewer_changes[number - 1]
            )
        )  # fmt: skip
    return dates


def nearest_in_series(
    db: Session, *, service: ServiceView, number: int, start: datetime, now: datetime
) -> tuple[datetime, ...]:
    """The free times nearest to one date of a series, at most three. Three statements."""
    return _nearest(_free_around(db, service, [start], now)(number, start, INSTEAD_WITHIN), start)


def series_by_id(db: Session, series_id: str, actor: Actor, now: datetime) -> SeriesView:
    """One series with its bookings, for the two people in it and for operators who may see orders. Two statements.
    Raises NotFound."""
    row = db.get(Series, series_id)
    if row is None or not (actor.user_id in (row.client_id, row.consultant_id) or may(actor, "see_orders")):
        raise NotFound
    found = select(Booking).where(Booking.series_id == series_id).order_by(Booking.starts_at, Booking.id)
    views = tuple(view_of(one, now) for one in db.scalars(found))
    return SeriesView(
        row.id, row.client_id, row.consultant_id, row.service_id, row.payment_id, row.zone, row.weeks_apart, views
    )


def has_unpaid_series(db: Session, client_id: str, now: datetime) -> bool:
    """Whether someone has a series that waits for its money."""
    waiting = select(Booking.id).where(
        Booking.client_id == client_id, Booking.series_id.is_not(None), Booking.state == State.HELD,
        Booking.hold_expires_at > now,
    )  # fmt: skip
    return db.scalar(waiting.limit(1)) is not None


def _free_around(
    db: Session, service: ServiceView, starts: Sequence[datetime], now: datetime
) -> Callable[[int, datetime, timedelta], list[datetime]]:
    """What is free for a numbered session around a time, against one reading of the calendar."""
    who = service.consultant_id
    calendar = scheduling.calendars_of(db, [who]).get(who)
    if calendar is None:
        raise NotFound
    low, high = starts[0] - INSTEAD_WITHIN, starts[-1] + INSTEAD_WITHIN
    busy = scheduling.busy_of(db, [who], low, high, now).get(who, [])

    def free(number: int, start: datetime, around: timedelta) -> list[datetime]:
        from_, until = max(start - around, now), min(start + around, now + scheduling.RANGE_MAX)
        found = offer(
            calendar, terms_in_series(service, number), busy, from_=from_, until=until + timedelta(seconds=1), now=now
        )
        return [slot.start for slot in found]

    return free


def _nearest(free: Sequence[datetime], start: datetime) -> tuple[datetime, ...]:
    return tuple(sorted(free, key=lambda one: (abs(one - start), one))[:NEAREST])
