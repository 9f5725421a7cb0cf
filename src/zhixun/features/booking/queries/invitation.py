"""Sessions as iCalendar entries (RFC 5545, 5546): UTC times, so that every calendar shows them on its owner's own clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from zhixun.features.scheduling.rules import entry_uid

if TYPE_CHECKING:
    from icalendar import Event

ALARM_BEFORE = timedelta(minutes=15)
Method = Literal["PUBLISH", "REQUEST", "CANCEL", ""]


@dataclass(frozen=True)
class Entry:
    """One session in someone's calendar. Its UID never changes; a higher `sequence` replaces a lower one."""

    booking_id: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    title: str
    address: str
    """Of the page of the session."""
    cancelled: bool = False
    tentative: bool = False
    """Asked for, and not yet accepted."""
    organizer: str = ""
    """An e-mail address; invitations need one, files and feeds do not."""
    attendee: str = ""
    times: tuple[str, ...] = ()
    """When it is, on the reader's clock and on the other's, in words: calendars show their own alone."""

    @property
    def uid(self) -> str:
        return entry_uid(self.booking_id)


def calendar_text(entries: Sequence[Entry], *, now: datetime, method: Method = "PUBLISH", name: str = "") -> bytes:
    """An .ics file of the entries; `name` is what a subscribed calendar is called. Entries that are kept on
    a server have no method (RFC 4791, 4.1)."""
    from icalendar import Calendar  # no start of the house waits for it

    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Zhixun//Sessions//EN")
    calendar.add("calscale", "GREGORIAN")
    if method:
        calendar.add("method", method)
    if name:
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, now))
    text: bytes = calendar.to_ical()
    return text


def _event(entry: Entry, now: datetime) -> Event:
    from icalendar import Alarm, Event, vCalAddress

    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("summary", entry.title)
    event.add("description", "\n".join([*entry.times, entry.address]))
    event.add("url", entry.address)
    event.add("status", "CANCELLED" if entry.cancelled else "TENTATIVE" if entry.tentative else "CONFIRMED")
    if entry.organizer:
        event.add("organizer", vCalAddress(f"mailto:{entry.organizer}"))
    part = "TENTATIVE" if entry.tentative else "ACCEPTED"
    if entry.attendee:
        event.add("attendee", vCalAddress(f"mailto:{entry.attendee}"), parameters={"PARTSTAT": part})
    if not entry.cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", entry.title)
        alarm.add("trigger", -ALARM_BEFORE)
        event.add_component(alarm)
    return event
