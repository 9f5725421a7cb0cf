"""Who is taken on as a consultant gets a calendar with everyday hours; calendars kept elsewhere are read."""

from __future__ import annotations

from zhixun.events.credentials import ApplicationDecided
from zhixun.events.scheduling import BusyCalendarDue
from zhixun.features.accounts import queries as accounts
from zhixun.kernel.errors import NotFound
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import actions, queries
from .ports import BusyCalendars, Unreadable
from .rules import REACHES_AHEAD, REACHES_BACK, WeeklyHours

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


def read_busy_calendar(event: BusyCalendarDue) -> None:
    """Ask the calendar first, outside of any transaction; then exchange all that is known of it in one."""
    now = utc_now()
    with Session() as db:
        source = queries.source_of(db, event.calendar_id, now)
    if source is None:
        return
    try:
        times = service(BusyCalendars).read(source, from_=now - REACHES_BACK, until=now + REACHES_AHEAD)
    except Unreadable as why:
        with unit_of_work() as uow:
            actions.note_unreadable(uow, calendar_id=event.calendar_id, problem=why.problem)
        return
    with unit_of_work() as uow:
        actions.exchange_busy_times(uow, calendar_id=event.calendar_id, times=times)
