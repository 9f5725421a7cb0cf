from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class CallRang(Event):
    """A client asks now, has paid, and this consultant is among those who may answer first."""

    call_id: str
    client_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class CallAnswered(Event):
    """One of them was first: the booking has the call's id."""

    call_id: str
    client_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class CallEnded(Event):
    """Nobody answered, or the client did not want to wait; everything goes back."""

    call_id: str
    client_id: str
    state: str
    """unanswered, withdrawn or lapsed (not paid in time)."""
