"""What can happen in a waiting list."""

from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class TimeOffered(Event):
    """A freed time is kept for one person of the list; instants are RFC 3339 in UTC."""

    offer_id: str
    place_id: str
    client_id: str
    consultant_id: str
    start: str
    expires_at: str
