"""Calendars kept elsewhere: which addresses they may have, how often they are read, and when what we know is too old."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from zhixun.kernel.addresses import is_public_name
from zhixun.kernel.errors import N_, Invalid

CALENDARS_MAX = 5
ADDRESS_LENGTH_MAX = 1_000
NAME_LENGTH_MAX = 60
READ_EVERY = timedelta(minutes=10)
STALE_AFTER = timedelta(hours=2)
REACHES_BACK, REACHES_AHEAD = timedelta(days=8), timedelta(days=400)
"""What the slot engine looks at, and nothing else, is kept."""
SCHEMES = {"https", "http", "webcal", "webcals"}


class Stretch(NamedTuple):
    """A time somebody is busy, aware UTC, half-open."""

    start: datetime
    end: datetime


class Problem(StrEnum):
    """Why a calendar could not be read."""

    PRIVATE = "private"
    NO_ANSWER = "no_answer"
    SECRET = "secret"
    GONE = "gone"
    THEIR_FAULT = "their_fault"
    NO_CALENDAR = "no_calendar"
    TOO_LARGE = "too_large"
    TOO_OFTEN = "too_often"


def clean_name(name: str) -> str:
    """What the consultant calls the calendar. Raises Invalid."""
    line = " ".join(name.split())
    if not line or len(line) > NAME_LENGTH_MAX or not line.isprintable():
        raise Invalid(fields={"name": N_("Please give the calendar a name of at most 60 characters.")})
    return line


def clean_address(text: str, *, private_allowed: bool) -> str:
    """The address of an ICS file on the public net (webcal means https). `private_allowed` is for houses whose calendars
    live beside them: then addresses of the own network will do. Raises Invalid."""
    address = text.strip()
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= ADDRESS_LENGTH_MAX
    known = parts.scheme in SCHEMES
    if not (plain and known and host and port != 0) or parts.username or parts.password:
        raise Invalid(fields={"address": N_("Please give an address like https://example.com/calendar.ics.")})
    if not private_allowed and not is_public_name(host):
        raise Invalid(
            fields={"address": N_("This address lies in a private network. We only read from the public net.")}
        )
    return address


def is_stale(synced_at: datetime | None, now: datetime) -> bool:
    """Whether what we know of a calendar is too old to promise anybody a time at once."""
    return synced_at is None or now - synced_at > STALE_AFTER
