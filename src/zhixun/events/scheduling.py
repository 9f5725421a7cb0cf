from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class BusyCalendarDue(Event):
    """A consultant's other calendar is to be read, for the first time or again."""

    calendar_id: str


@dataclass(frozen=True, kw_only=True)
class CalendarCopiesDue(Event):
    """A consultant's other calendar is to hold their coming sessions: writing was switched on, or it is reached again."""

    calendar_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class FreeTimesChanged(Event):
    """What a consultant offers may have changed since it was last written out. Said once, however much changes after."""

    consultant_id: str
