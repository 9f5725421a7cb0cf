"""Who is taken on as a consultant gets a calendar with everyday hours, which they can change at once."""

from __future__ import annotations

from zhixun.events.credentials import ApplicationDecided
from zhixun.features.accounts import queries as accounts
from zhixun.kernel.errors import NotFound
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries
from .rules import WeeklyHours

FIRST_HOURS = (WeeklyHours(("MO", "TU", "WE", "TH", "FR"), "09:00", "18:00"),)


def open_calendar_of_accepted(event: ApplicationDecided) -> None:
    """Once: hours that were set since are left alone."""
    if event.state != "accepted":
        return
    with unit_of_work() as uow:
        try:
            queries.zone_of(uow.db, event.person_id)
        except NotFound:
            zone = accounts.person(uow.db, event.person_id).zone
            actions.open_calendar(uow, consultant_id=event.person_id, zone=zone)
            actions.set_weekly_hours(uow, consultant_id=event.person_id, hours=FIRST_HOURS)
