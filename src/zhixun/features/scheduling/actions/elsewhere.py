"""Calendars a consultant keeps elsewhere: added, read, written into, removed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.scheduling import BusyCalendarDue, CalendarCopiesDue
from zhixun.features.scheduling import rules
from zhixun.features.scheduling.models import BusyCalendar, BusyTime
from zhixun.features.scheduling.rules import Login, Problem, Stretch
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.sealed import seal
from zhixun.kernel.unit_of_work import UnitOfWork

from .times import HoldIdUsed, locked_calendar


class TooManyCalendars(Conflict):
    code, message = "too_many_calendars", N_("At most 5 calendars can be read. Please remove one first.")


def add_busy_calendar(
    uow: UnitOfWork,
    *,
    calendar_id: str,
    name: str,
    address: str,
    login: Login | None = None,
    writes: bool = False,
    private_allowed: bool = False,
) -> None:
    """Let the times that are busy in a calendar kept elsewhere not be offered; it is read at once. With a `login` the
    address is that of a CalDAV collection, and `writes` says whether the consultant's sessions are put into it. The same
    id twice is done once. Raises NotFound (no consultant), Invalid, TooManyCalendars."""
    me, kept = uow.actor.user_id, rules.clean_name(name)
    if login is None:
        where = rules.clean_address(address, private_allowed=private_allowed)
    else:
        where, login = rules.clean_collection(address, private_allowed=private_allowed), rules.clean_login(login)
    locked_calendar(uow, me)
    if (known := uow.db.get(BusyCalendar, calendar_id)) is not None:
        if known.consultant_id != me:
            raise HoldIdUsed
        return
    mine = select(func.count()).where(BusyCalendar.consultant_id == me)
    if (uow.db.scalar(mine) or 0) >= rules.CALENDARS_MAX:
        raise TooManyCalendars
    row = BusyCalendar(
        id=calendar_id, consultant_id=me, name=kept, writes=writes and login is not None, added_at=uow.now, synced_at=None, problem="",
        write_problem="", address=seal(uow.db, BusyCalendar.address, row=calendar_id, person=me, text=where),
    )  # fmt: skip
    _seal_login(uow, row, login or Login("", ""))
    uow.db.add(row)
    _state_due(uow, row)


def change_login(uow: UnitOfWork, *, calendar_id: str, login: Login) -> None:
    """Another user name or password for a CalDAV calendar, which is then read at once. Raises NotFound, Invalid."""
    row = _own(uow, calendar_id)
    if not row.secret:
        raise NotFound
    _seal_login(uow, row, rules.clean_login(login))
    _state_due(uow, row)


def choose_writing(uow: UnitOfWork, *, calendar_id: str, wanted: bool) -> None:
    """Whether sessions are put into a CalDAV calendar from now on. What stands there stays. Raises NotFound."""
    row = _own(uow, calendar_id)
    if not row.secret:
        raise NotFound
    begins = wanted and not row.writes
    row.writes, row.write_problem = wanted, ""
    if begins:
        uow.emit(CalendarCopiesDue(calendar_id=row.id, consultant_id=row.consultant_id))


def remove_busy_calendar(uow: UnitOfWork, *, calendar_id: str) -> None:
    """Read it no longer; its times are offered again. Raises NotFound."""
    row = _own(uow, calendar_id)
    uow.db.execute(delete(BusyCalendar).where(BusyCalendar.id == row.id))


def read_busy_calendar_now(uow: UnitOfWork, *, calendar_id: str) -> None:
    """Ask for it to be read before its time. Raises NotFound."""
    row = uow.db.get(BusyCalendar, calendar_id)
    if row is None or row.consultant_id != uow.actor.user_id:
        raise NotFound
    uow.emit(BusyCalendarDue(calendar_id=calendar_id))


def state_busy_calendars_due(uow: UnitOfWork) -> int:
    """State of every calendar kept elsewhere that it is to be read again; returns how many there are."""
    ids = list(uow.db.scalars(select(BusyCalendar.id).order_by(BusyCalendar.id)))
    for calendar_id in ids:
        uow.emit(BusyCalendarDue(calendar_id=calendar_id))
    return len(ids)


def exchange_busy_times(uow: UnitOfWork, *, calendar_id: str, times: Sequence[Stretch]) -> None:
    """Put what a calendar says now in the place of all it said before. One that is gone is left gone. One that could not
    be written into is reached again, so what it still owes is due.

    Where it says something new, the consultant's calendar is locked: whoever takes a time sees all of the old or all of
    the new.
    """
    consultant_id = uow.db.scalar(select(BusyCalendar.consultant_id).where(BusyCalendar.id == calendar_id))
    if consultant_id is None:
        return
    known = select(BusyTime.starts_at, BusyTime.ends_at).where(BusyTime.calendar_id == calendar_id)
    differs = {(one.start, one.end) for one in times} != {(start, end) for start, end in uow.db.execute(known)}
    if differs:
        locked_calendar(uow, consultant_id)
    row = uow.db.get(BusyCalendar, calendar_id, with_for_update=True, populate_existing=True)
    if row is None:
        return
    if differs:
        _replace_busy_times(uow, row, times)
    owed = row.writes and row.write_problem != ""
    row.synced_at, row.problem, row.write_problem = uow.now, "", ""
    if owed:
        uow.emit(CalendarCopiesDue(calendar_id=calendar_id, consultant_id=consultant_id))


def _replace_busy_times(uow: UnitOfWork, row: BusyCalendar, times: Sequence[Stretch]) -> None:
    uow.db.execute(delete(BusyTime).where(BusyTime.calendar_id == row.id))
    lines = [
        {"calendar_id": row.id, "consultant_id": row.consultant_id, "starts_at": one.start, "ends_at": one.end}
        for one in times
    ]
    if lines:
        uow.db.execute(insert(BusyTime), lines)


def note_unreadable(uow: UnitOfWork, *, calendar_id: str, problem: Problem) -> None:
    """Write down why a calendar could not be read. What it said before stands until it can."""
    uow.db.execute(update(BusyCalendar).where(BusyCalendar.id == calendar_id).values(problem=problem.value))


def note_unwritable(uow: UnitOfWork, *, calendar_id: str, problem: Problem) -> None:
    """Write down why sessions could not be put into a calendar; the next time it is read they are due again."""
    writes = (BusyCalendar.id == calendar_id, BusyCalendar.writes)
    uow.db.execute(update(BusyCalendar).where(*writes).values(write_problem=problem.value))


def _own(uow: UnitOfWork, calendar_id: str) -> BusyCalendar:
    """The asker's calendar, locked, after their own calendar here: everyone locks in this order."""
    row = uow.db.get(BusyCalendar, calendar_id)
    if row is None or row.consultant_id != uow.actor.user_id:
        raise NotFound
    locked_calendar(uow, row.consultant_id)
    found = uow.db.get(BusyCalendar, calendar_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _seal_login(uow: UnitOfWork, row: BusyCalendar, login: Login) -> None:
    me = row.consultant_id
    row.user_name = seal(uow.db, BusyCalendar.user_name, row=row.id, person=me, text=login.user_name)
    row.secret = seal(uow.db, BusyCalendar.secret, row=row.id, person=me, text=login.password)


def _state_due(uow: UnitOfWork, row: BusyCalendar) -> None:
    uow.emit(BusyCalendarDue(calendar_id=row.id))
    if row.writes:
        uow.emit(CalendarCopiesDue(calendar_id=row.id, consultant_id=row.consultant_id))
