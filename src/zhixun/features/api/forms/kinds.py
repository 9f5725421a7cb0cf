"""The kinds of value that fields are made of, each with its check, its sentence and its JSON schema."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from zhixun.features.accounts.rules import zones
from zhixun.kernel.errors import N_
from zhixun.kernel.values import is_id

YEAR_MIN, YEAR_MAX = 2000, 2199
DAY_LENGTH = len("2026-11-25")
CURSOR_LENGTH_MAX = 200
PATTERN_OF_ID = "^[0-9a-f]{32}$"

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_OFFSET_AFTER_SPACE = re.compile(r"(?<=\d) (?=\d\d:\d\d$)")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


class Asked(BaseModel):
    """What a program sends. Names we do not know are ignored, so that newer clients can talk to older servers."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _read_instant(given: object) -> datetime:
    if not isinstance(given, str):
        raise ValueError(N_("A time is a text like 2026-11-25T09:30:00Z."))
    text = given.strip().upper()
    # A plus sign that was not escaped in an address arrives as a space.
    text = _OFFSET_AFTER_SPACE.sub("+", text) if "T" in text else text
    if not _RFC_3339.fullmatch(text):
        raise ValueError(N_("Please give a time with its offset, like 2026-11-25T09:30:00Z."))
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(N_("There is no such time.")) from None
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise ValueError(N_("This time is too far away."))
    return at


def _show_instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_id(given: object) -> str:
    text = given.lower() if isinstance(given, str) else ""
    bare = text.replace("-", "") if _UUID.fullmatch(text) else ""
    if not is_id(bare):
        raise ValueError(N_("An id has 32 characters, 0 to 9 and a to f."))
    return bare


def _read_day(given: object) -> date:
    try:
        if isinstance(given, str) and len(given) == DAY_LENGTH:
            return date.fromisoformat(given)
    except ValueError:
        pass  # not a day: said below
    raise ValueError(N_("A day looks like 2026-11-25."))


def _read_zone(given: str) -> str:
    if given not in zones():
        raise ValueError(N_("We do not know this time zone."))
    return given


def _storable(text: str) -> str:
    """Text that PostgreSQL can keep: no NUL, and nothing that is not a character."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(N_("This text has characters that we cannot keep."))
    return text


_INSTANT_SCHEMA: dict[str, Any] = {"type": "string", "format": "date-time", "examples": ["2026-11-25T09:30:00Z"]}

Instant = Annotated[datetime, BeforeValidator(_read_instant), WithJsonSchema(_INSTANT_SCHEMA)]
"""A time that was asked for."""
At = Annotated[datetime, PlainSerializer(_show_instant), WithJsonSchema(_INSTANT_SCHEMA)]
"""A time that is answered."""
Id = Annotated[str, BeforeValidator(_read_id), WithJsonSchema({"type": "string", "pattern": PATTERN_OF_ID}), Field()]
Day = Annotated[date, BeforeValidator(_read_day), WithJsonSchema({"type": "string", "format": "date"})]
Zone = Annotated[
    str,
    AfterValidator(_read_zone),
    WithJsonSchema(
        {"type": "string", "examples": ["Asia/Shanghai"], "description": N_("A name of the IANA database.")}
    ),
]
Text = Annotated[str, AfterValidator(_storable)]


def local_time(at: datetime, zone: str) -> str:
    """An instant on a zone's wall clock, with the offset: 2026-11-25T17:30:00+08:00."""
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
