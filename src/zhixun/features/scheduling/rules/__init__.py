"""The slot engine: which times a consultant offers. One pure function offers slots and guards the write.

Inside, instants are whole seconds since 1970 (UTC) and ranges are half-open pairs of them; at the doors they are aware
datetimes. Wall-clock time exists only where a rule ("Mondays 09:00 to 12:00") is read in its zone.

Read it in this order: terms (the words), openings (rules become instants), grid (where sessions may start), offering
(what is free of all that); ranges is the arithmetic below them. Beside it: runs (the same starts, written out to be
looked up), checking (every rule about one time), elsewhere (calendars kept elsewhere) and series (sessions that come back).
"""

from .checking import Verdict, checks
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
from .offering import calendars_in_the_way, horizon_end, is_free, offer, refusal, stretches, times_in_the_way
from .openings import clock_change
from .runs import Run, free_runs
from .series import (
    INSTEAD_WITHIN,
    SESSIONS_MAX,
    SESSIONS_MIN,
    WEEKS_APART,
    Recurrence,
    check_recurrence,
    clock_changes,
    dates_of,
    sessions_of,
)
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
    "INSTEAD_WITHIN",
    "OPENINGS_PER_DAY_MAX",
    "REACHES_AHEAD",
    "REACHES_BACK",
    "READ_EVERY",
    "SESSIONS_MAX",
    "SESSIONS_MIN",
    "WEEKDAYS",
    "WEEKS_APART",
    "Busy",
    "Calendar",
    "Login",
    "Problem",
    "Recurrence",
    "Run",
    "Slot",
    "SlotTerms",
    "Stretch",
    "Verdict",
    "WeeklyHours",
    "ZonePeriod",
    "calendars_in_the_way",
    "check_hours",
    "check_openings",
    "check_recurrence",
    "check_zone",
    "checks",
    "clean_address",
    "clean_collection",
    "clean_login",
    "clean_name",
    "clock_change",
    "clock_changes",
    "dates_of",
    "entry_uid",
    "free_runs",
    "horizon_end",
    "is_free",
    "is_stale",
    "offer",
    "refusal",
    "sessions_of",
    "stretches",
    "terms_of",
    "times_in_the_way",
]
