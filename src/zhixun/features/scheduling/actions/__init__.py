"""Everything that can be done to a consultant's time: hours and times, the calendars they keep elsewhere, and
what is written out of all that."""

from .elsewhere import (
    TooManyCalendars,
    add_busy_calendar,
    change_login,
    choose_writing,
    exchange_busy_times,
    note_unreadable,
    note_unwritable,
    read_busy_calendar_now,
    remove_busy_calendar,
    state_busy_calendars_due,
)
from .times import (
    HoldIdUsed,
    NotOffered,
    SlotTaken,
    close_calendar,
    hold_time,
    let_time_lapse,
    move_time,
    open_calendar,
    release_time,
    set_override,
    set_weekly_hours,
    sweep_lapsed_holds,
    take_time,
)
from .written import keep_still, note_written

__all__ = [
    "HoldIdUsed",
    "NotOffered",
    "SlotTaken",
    "TooManyCalendars",
    "add_busy_calendar",
    "change_login",
    "choose_writing",
    "close_calendar",
    "exchange_busy_times",
    "hold_time",
    "keep_still",
    "let_time_lapse",
    "move_time",
    "note_unreadable",
    "note_unwritable",
    "note_written",
    "open_calendar",
    "read_busy_calendar_now",
    "release_time",
    "remove_busy_calendar",
    "set_override",
    "set_weekly_hours",
    "state_busy_calendars_due",
    "sweep_lapsed_holds",
    "take_time",
]
