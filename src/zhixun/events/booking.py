from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class BookingFact(Event):
    booking_id: str
    client_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class BookingHeld(BookingFact):
    """The time is kept while the client pays."""


@dataclass(frozen=True, kw_only=True)
class BookingConfirmed(BookingFact):
    """Paid, and the time is the client's."""

    price_minor: int = 0
    channel: str = ""
    starts_at: str = ""
    """ISO 8601."""


@dataclass(frozen=True, kw_only=True)
class BookingRequested(BookingFact):
    """Paid, and the consultant is asked whether they accept; instants are RFC 3339 in UTC."""

    answer_by: str


@dataclass(frozen=True, kw_only=True)
class BookingExpired(BookingFact):
    """Nobody paid in time; the time is free again."""


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(BookingFact):
    reason: str
    """Who or what ended it: client, consultant, operator, paid_too_late, declined, unanswered."""


@dataclass(frozen=True, kw_only=True)
class BookingMoved(BookingFact):
    """Agreed for another time; instants are RFC 3339 in UTC."""

    by: str
    """Who moved it: client, consultant, operator."""
    from_start: str
    to_start: str


@dataclass(frozen=True, kw_only=True)
class BookingRefunded(BookingFact):
    """Money goes back after the session, by an operator's or a dispute's decision."""

    refund_id: str
    amount_minor: int
    currency: str
    reason: str
    """operator, or dispute."""


@dataclass(frozen=True, kw_only=True)
class DaysCalledOff(Event):
    """A consultant cannot work for some days; what stands there is to be cancelled."""

    days_off_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class SessionBegan(BookingFact):
    pass


@dataclass(frozen=True, kw_only=True)
class SessionCompleted(BookingFact):
    pass


@dataclass(frozen=True, kw_only=True)
class SessionMissed(BookingFact):
    absent: str
    """Who did not come: "client" or "consultant" (also where nobody came)."""
