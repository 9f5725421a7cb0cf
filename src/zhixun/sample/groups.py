"""Group sessions that some consultants have set for next week, with seats that are taken, and a client's series."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.actions import GroupWish
from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.ports import Capture
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.rules import Recurrence
from zhixun.kernel.errors import DomainError
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM, Actor, Money, Words

from .cast import client_at, consultant_at, service_id_of
from .history import acting, history
from .words import id_of

log = logging.getLogger(__name__)

NEGOTIATING = Words("和公司谈补偿：轮流演练，互相点评", "Negotiating severance: practise in turns")
PHYSICS = Words("高中物理：一起过一遍错题", "School physics: going over mistakes together")
GROUPS = (
    (0, NEGOTIATING, 3, 6, (10, 11, 12, 13)),
    (0, NEGOTIATING, 5, 6, (14,)),
    (2, PHYSICS, 4, 4, (15, 16, 17, 18)),
)
"""Place of the consultant, title, weekday (Monday is 0), seats, and the places of who has one."""
SERIES_CLIENT = 5
EVENING = time(20, 30)
PRICE = Money(9_900)


def add_groups(now: datetime) -> None:
    """Each once in a week; where the consultant's time is taken it is left out."""
    for place, title, weekday, seats, seated in GROUPS:
        one = consultant_at(place)
        start = _next_week(now, ZoneInfo(one.profile.zone), weekday)
        group_id = id_of("group", one.profile.slug, start.date().isoformat())
        wish = GroupWish(title, start, 60, PRICE, seats, 3, start - timedelta(hours=24))
        try:
            with history(now) as uow:
                bookings.set_group(acting(uow, one.actor, now), group_id=group_id, wish=wish)
                uow.db.flush()
                for who in seated:
                    _seat(uow, client_at(who), group_id, now)
        except DomainError as refusal:
            log.info("a sample group session could not be set: %s", refusal)


def add_series(now: datetime) -> None:
    """client06 sees one consultant every week for six weeks, paid at once; dates that are not free are left out."""
    one, who = consultant_at(1), client_at(SERIES_CLIENT)
    series_id, service_id = id_of("series", who.user_id), service_id_of(one.profile.slug, 0)
    try:
        with history(now) as uow:
            uow_of_client = acting(uow, who, now)
            if any(view.series_id for view in booking_queries.bookings_of(uow.db, who, now)):
                return
            service = catalog.service(uow.db, service_id)
            free = scheduling.slots(
                uow.db, consultant_id=one.actor.user_id, terms=terms_of(service), now=now,
                from_=now + timedelta(days=2), until=now + timedelta(days=12),
            )  # fmt: skip
            if not free:
                return
            wanted = Recurrence(free[0].start, 1, 6, one.profile.zone)
            dates = booking_queries.plan_series(uow.db, service=service, wanted=wanted, viewer_zone=who.zone, now=now)
            left_out = frozenset(date.number for date in dates if not date.free)
            made = bookings.request_series(
                uow_of_client, series_id=series_id, service_id=service_id, wanted=replace(wanted, left_out=left_out)
            )
            capture = Capture(made.payment_id, f"sample-{series_id}", made.total)
            payments.settle(acting(uow, SYSTEM, now), gateway="sandbox", capture=capture)
            for booking_id, _ in made.bookings:
                bookings.confirm_if_paid(acting(uow, SYSTEM, now), booking_id=booking_id)
    except DomainError as refusal:
        log.info("a sample series could not be made: %s", refusal)


def _seat(uow: UnitOfWork, who: Actor, group_id: str, now: datetime) -> None:
    """Taken and paid; once."""
    booking_id = id_of("seat", group_id, who.user_id)
    if booking_queries.bookings_by_ids(uow.db, [booking_id], now):
        return
    bookings.take_seat(acting(uow, who, now), booking_id=booking_id, group_id=group_id)
    payment = payment_queries.payment_for(uow.db, purpose_of_booking(booking_id))
    assert payment is not None
    capture = Capture(payment.id, f"sample-{booking_id}", payment.amount)
    payments.settle(acting(uow, SYSTEM, now), gateway=payment.gateway, capture=capture)
    bookings.confirm_if_paid(acting(uow, SYSTEM, now), booking_id=booking_id)


def _next_week(now: datetime, zone: ZoneInfo, weekday: int) -> datetime:
    here = now.astimezone(zone).date()
    day = here + timedelta(days=7 - here.weekday() + weekday)
    return datetime.combine(day, EVENING, zone)
