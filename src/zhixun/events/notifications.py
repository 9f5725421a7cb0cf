from dataclasses import dataclass

from zhixun.kernel.event import Event

from .booking import BookingFact


@dataclass(frozen=True, kw_only=True)
class ReminderDue(BookingFact):
    """A session comes near, and its people are to be reminded."""

    kind: str
    """ "reminder_day" or "reminder_soon"."""


@dataclass(frozen=True, kw_only=True)
class HeldMailsReleased(Event):
    """Mails that waited for the morning are to be sent, as one."""

    bundle_id: str
    user_id: str
