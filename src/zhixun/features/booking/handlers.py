"""A payment confirms its booking; sessions stand, as they are now, in the calendars their consultant keeps elsewhere."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from zhixun.events.booking import BookingCancelled, BookingConfirmed, BookingExpired, BookingMoved, DaysCalledOff
from zhixun.events.payments import PaymentCaptured
from zhixun.events.scheduling import CalendarCopiesDue
from zhixun.features.accounts import queries as accounts
from zhixun.features.payments.rules import booking_of
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling import queries as scheduling_queries
from zhixun.features.scheduling.queries import Writable
from zhixun.features.scheduling.rules import entry_uid
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, utc_now

from . import actions, queries
from .ports import CalendarCopies, HouseAddress, Place, Unwritable
from .queries import BookingView, Entry, calendar_text

LOOKS_MAX = 5
"""How often a session is looked at again that changes while it is being written."""
log = logging.getLogger(__name__)


def call_off(event: DaysCalledOff) -> None:
    """Each booking in a transaction of its own, in its consultant's name; the clock asks again until none is left."""
    with unit_of_work() as uow:
        waiting = queries.days_off_of(uow.db, event.days_off_id)
        if waiting is None:
            return
        found = queries.standing(uow.db, event.consultant_id, until=waiting, now=uow.now).views
    for view in found:
        try:
            with unit_of_work(Actor(event.consultant_id, frozenset({"consultant"}))) as uow:
                actions.call_off_booking(uow, booking_id=view.id)
        except Exception:  # one bad booking must not keep the others' clients waiting; the next minute tries again
            log.exception("booking %s could not be called off", view.id)
    with unit_of_work() as uow:
        actions.note_called_off(uow, days_off_id=event.days_off_id)


def close_emptied_group(event: BookingCancelled | BookingExpired) -> None:
    with unit_of_work() as uow:
        if group_id := queries.booking(uow.db, event.booking_id, SYSTEM, uow.now).group_id:
            actions.close_if_emptied(uow, group_id=group_id)


def confirm_when_paid(event: PaymentCaptured) -> None:
    if booking_id := booking_of(event.purpose):
        with unit_of_work() as uow:
            actions.confirm_if_paid(uow, booking_id=booking_id)


def copy_session(event: BookingConfirmed | BookingMoved | BookingCancelled) -> None:
    """Into every calendar its consultant chose, or out of it: as the session stands now, whatever the fact was."""
    with Session() as db:
        calendars = scheduling_queries.writable_calendars(db, event.consultant_id)
    for one in calendars:
        _copy(one, [event.booking_id])


def copy_sessions(event: CalendarCopiesDue) -> None:
    """All sessions to come, and none that were cancelled, into one calendar."""
    with Session() as db:
        calendars = scheduling_queries.writable_calendars(db, event.consultant_id)
        coming = queries.agreed_from(db, event.consultant_id, utc_now())
    for one in calendars:
        if one.calendar_id == event.calendar_id:
            _copy(one, coming)


@dataclass(frozen=True)
class Copy:
    """How a session is to stand in a calendar."""

    sequence: int
    stands: bool
    text: bytes = b""


def _copy(calendar: Writable, booking_ids: list[str]) -> None:
    """A calendar that cannot be written into is left alone until it has been reached again: nobody is called for that,
    and its owner reads why on the page of their calendars."""
    try:
        for booking_id in booking_ids:
            _bring_up_to_date(Place(calendar.address, calendar.login), booking_id)
    except Unwritable as why:
        with unit_of_work() as uow:
            scheduling.note_unwritable(uow, calendar_id=calendar.calendar_id, problem=why.problem)


def _bring_up_to_date(place: Place, booking_id: str) -> None:
    """Look, write, and look again: of two who write at the same moment, whoever is last has seen the last change."""
    written: Copy | None = None
    for _ in range(LOOKS_MAX):
        copy = _copy_of(booking_id)
        if copy is None or (written and (copy.sequence, copy.stands) == (written.sequence, written.stands)):
            return
        entry = {"name": booking_id, "uid": entry_uid(booking_id)}
        if copy.stands:
            service(CalendarCopies).put(place, **entry, text=copy.text)
        else:
            service(CalendarCopies).remove(place, **entry)
        written = copy


def _copy_of(booking_id: str) -> Copy | None:
    """None for a session that never was agreed, and so never stood in a calendar."""
    now, house = utc_now(), service(HouseAddress)
    with Session() as db:
        view = queries.booking(db, booking_id, SYSTEM, now)
        if not queries.was_agreed(db, booking_id):
            return None
        language = accounts.person(db, view.consultant_id).language
    stands = view.state in queries.IN_CALENDAR
    text = calendar_text([_entry(view, language, house.url)], now=now, method="") if stands else b""
    return Copy(view.sequence, stands, text)


def _entry(view: BookingView, language: str, house: str) -> Entry:
    """What is bought and where it takes place; who the client is stays in the house."""
    page = f"{house}{'/en' if language == 'en' else ''}/sessions/{view.id}"
    return Entry(view.id, view.sequence, view.starts_at, view.ends_at, view.title.in_language(language), page)
