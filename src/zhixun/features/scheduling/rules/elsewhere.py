"""Calendars kept elsewhere: which addresses they may have, how often they are read, and when what we know is too old."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from zhixun.kernel.addresses import is_public_name
from zhixun.kernel.errors import N_, Invalid

CALENDARS_MAX = 5
ADDRESS_LENGTH_MAX = 1_000
NAME_LENGTH_MAX = 60
USER_NAME_LENGTH_MAX, PASSWORD_LENGTH_MAX = 254, 200
READ_EVERY = timedelta(minutes=10)
STALE_AFTER = timedelta(hours=2)
REACHES_BACK, REACHES_AHEAD = timedelta(days=8), timedelta(days=400)
"""What the slot engine looks at, and nothing else, is kept."""
SCHEMES = {"https", "http", "webcal", "webcals"}


class Stretch(NamedTuple):
    """A time somebody is busy, aware UTC, half-open."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Login:
    """Who we say we are to a CalDAV server."""

    user_name: str
    password: str = field(repr=False)


class Problem(StrEnum):
    """Why a calendar could not be read, or written into."""

    PRIVATE = "private"
    NO_ANSWER = "no_answer"
    SECRET = "secret"
    GONE = "gone"
    THEIR_FAULT = "their_fault"
    NO_CALENDAR = "no_calendar"
    TOO_LARGE = "too_large"
    TOO_OFTEN = "too_often"
    PASSWORD = "password"
    NO_COLLECTION = "no_collection"
    SENT_ON = "sent_on"
    READ_ONLY = "read_only"


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


def clean_collection(text: str, *, private_allowed: bool) -> str:
    """The address of a CalDAV collection on the public net: a password goes there, so only over TLS (see clean_address
    about `private_allowed`). Raises Invalid."""
    address = clean_address(text, private_allowed=private_allowed)
    if not address.startswith("https:") and not (private_allowed and address.startswith("http:")):
        raise Invalid(
            fields={"address": N_("Please give an address that begins with https://: your password goes there.")}
        )
    return address


def clean_login(login: Login) -> Login:
    """Raises Invalid."""
    user_name, wrong = login.user_name.strip(), {}
    if not user_name or len(user_name) > USER_NAME_LENGTH_MAX or not user_name.isprintable() or ":" in user_name:
        wrong["user_name"] = N_("Please give the user name of your calendar, without a colon.")
    if not login.password or len(login.password) > PASSWORD_LENGTH_MAX or not login.password.isprintable():
        wrong["password"] = N_("Please give a password of at most 200 characters.")
    if wrong:
        raise Invalid(fields=wrong)
    return Login(user_name, login.password)


def entry_uid(booking_id: str) -> str:
    """What a session is called in every calendar it is put into. It never changes."""
    return f"{booking_id}@zhixun"


def is_stale(synced_at: datetime | None, now: datetime) -> bool:
    """Whether what we know of a calendar is too old to promise anybody a time at once."""
    return synced_at is None or now - synced_at > STALE_AFTER
