"""The slot engine: which times a consultant offers. One pure function offers slots and guards the write.

Inside, instants are whole seconds since 1970 (UTC) and ranges are half-open pairs of them; at the doors they are aware
datetimes. Wall-clock time exists only where a rule ("Mondays 09:00 to 12:00") is read in its zone.

Read it in this order: terms (the words), openings (rules become instants), grid (where sessions may start), offering
(what is free of all that); ranges is the arithmetic below them. Apart from it, elsewhere is about calendars kept elsewhere.
"""

from .elsewhere import (
    CALENDARS_MAX,
    REACHES_AHEAD,
    REACHES_BACK,
    READ_EVERY,
    Login,
    Problem,
    Stretch,
    clean_address,
    clean_collection,
    clean_login,
    clean_name,
    entry_uid,
    is_stale,
)
from .offering import calendars_in_the_way, offer, refusal
from .terms import (
    OPENINGS_PER_DAY_MAX,
    WEEKDAYS,
    Busy,
    Calendar,
    Slot,
    SlotTerms,
    WeeklyHours,
    ZonePeriod,
    check_hours,
    check_openings,
    check_zone,
    terms_of,
)

__all__ = [
    "CALENDARS_MAX",
    "OPENINGS_PER_DAY_MAX",
    "REACHES_AHEAD",
    "REACHES_BACK",
    "READ_EVERY",
    "WEEKDAYS",
    "Busy",
    "Calendar",
    "Login",
    "Problem",
    "Slot",
    "SlotTerms",
    "Stretch",
    "WeeklyHours",
    "ZonePeriod",
    "calendars_in_the_way",
    "check_hours",
    "check_openings",
    "check_zone",
    "clean_address",
    "clean_collection",
    "clean_login",
    "clean_name",
    "entry_uid",
    "is_stale",
    "offer",
    "refusal",
    "terms_of",
]
