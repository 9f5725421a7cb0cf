"""Cursors: where the next page begins, as an opaque text."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import is_id

PAGE_MAX = 100


def cursor_of(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def value_of(cursor: str | None) -> str | None:
    """What cursor_of was given. Raises Invalid for a cursor that is not ours."""
    if not cursor:
        return None
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise Invalid(fields={"cursor": N_("This page mark is not one of ours.")}) from error


def time_cursor(at: datetime) -> str:
    return cursor_of(at.astimezone(UTC).isoformat())


def time_of(cursor: str | None) -> datetime | None:
    if (value := value_of(cursor)) is None:
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(fields={"cursor": N_("This page mark is not one of ours.")}) from error


def place_cursor(at: datetime, id_: str) -> str:
    """For lists ordered by a time that several lines may share: the last line's time and id."""
    return cursor_of(f"{at.astimezone(UTC).isoformat()} {id_}")


def place_of(cursor: str | None) -> tuple[datetime | None, str]:
    """What place_cursor was given; (None, "") where there is no cursor. Raises Invalid for a cursor that is not ours."""
    at, _, id_ = (value_of(cursor) or "").rpartition(" ")
    if cursor and not (at and is_id(id_)):
        raise Invalid(fields={"cursor": N_("This page mark is not one of ours.")})
    return time_of(cursor_of(at)), id_


def number_of(cursor: str | None) -> int:
    value = value_of(cursor)
    if value is None:
        return 0
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise Invalid(fields={"cursor": N_("This page mark is not one of ours.")})
    return int(value)
