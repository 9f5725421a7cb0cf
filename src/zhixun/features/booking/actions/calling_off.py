"""A consultant who cannot work: the days are closed at once, then everything that stands there is cancelled.

Each cancellation is a decision of its own, so that one that fails undoes no other; the clock goes on until none is left.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from zhixun.events.booking import DaysCalledOff
from zhixun.features.booking import queries, rules
from zhixun.features.booking.models import DaysOff
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling import queries as calendars
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import is_id

from .cancelling import cancel_booking
from .groups import cancel_group
from .record import TooLate


class MoreStandsThere(Conflict):
    code = "more_stands_there"
    message = N_("What stands on these days has changed while this page was open. Please look again.")


def call_off_days(uow: UnitOfWork, *, days_off_id: str, until: date, seen: str = "") -> DaysOff:
    """Close the asker's days from today up to and with `until`, and let everything that stands there be cancelled.

    `seen` is the `mark` of what they were shown, or nothing. The same id twice is done once. Raises Invalid, NotFound,
    MoreStandsThere.
    """
    if not is_id(days_off_id):
        raise Invalid
    me = uow.actor.user_id
    if (known := uow.db.get(DaysOff, days_off_id)) is not None:
        if known.consultant_id != me:
            raise NotFound
        return known
    zone = ZoneInfo(calendars.zone_of(uow.db, me))
    days = rules.days_off(uow.now.astimezone(zone).date(), until)
    for day in days:
        scheduling.set_override(uow, consultant_id=me, day=day, openings=())
    ends = midnight_after(until, zone)
    if seen and seen != queries.standing(uow.db, me, until=ends, now=uow.now).mark:
        raise MoreStandsThere
    for group_id in queries.groups_before(uow.db, me, until=ends, now=uow.now):
        cancel_group(uow, group_id=group_id)
    row = DaysOff(id=days_off_id, consultant_id=me, at=uow.now, until=ends, done_at=None)
    uow.db.add(row)
    uow.db.flush()
    uow.emit(DaysCalledOff(days_off_id=days_off_id, consultant_id=me))
    return row


def call_off_booking(uow: UnitOfWork, *, booking_id: str) -> bool:
    """Cancel one booking as its consultant, with everything back to the client. False where it has begun meanwhile."""
    try:
        cancel_booking(uow, booking_id=booking_id)
    except TooLate:
        return False
    return True


def note_called_off(uow: UnitOfWork, *, days_off_id: str) -> None:
    """Nothing stands there any more. Where something does, the clock comes again."""
    row = uow.db.get(DaysOff, days_off_id, with_for_update=True)
    if row is None or row.done_at is not None:
        return
    if not queries.standing(uow.db, row.consultant_id, until=row.until, now=uow.now).views:
        row.done_at = uow.now


def state_days_off_open(uow: UnitOfWork) -> int:
    """State again of all days off on which something may still stand that it is to be cancelled; returns how many."""
    found = queries.days_off_open(uow.db)
    for days_off_id, consultant_id in found:
        uow.emit(DaysCalledOff(days_off_id=days_off_id, consultant_id=consultant_id))
    return len(found)


def midnight_after(day: date, zone: ZoneInfo) -> datetime:
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC)
