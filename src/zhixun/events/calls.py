from dataclasses import dataclass

from .booking import BookingFact


@dataclass(frozen=True, kw_only=True)
class BothPresent(BookingFact):
    """Client and consultant are in the session room together for the first time."""


@dataclass(frozen=True, kw_only=True)
class AttendanceRecorded(BookingFact):
    """A session is over, and this is how long each was there, and both together, between its beginning and its end."""

    client_seconds: int
    consultant_seconds: int
    both_seconds: int
