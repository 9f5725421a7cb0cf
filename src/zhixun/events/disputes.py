from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class DisputeFact(Event):
    dispute_id: str
    booking_id: str
    client_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(DisputeFact):
    """The client asks for money back; it waits in escrow meanwhile."""


@dataclass(frozen=True, kw_only=True)
class DisputeAnswered(DisputeFact):
    """The consultant does not agree; both may add what speaks for them."""


@dataclass(frozen=True, kw_only=True)
class DisputeToRule(DisputeFact):
    """All has been said; the house decides."""


@dataclass(frozen=True, kw_only=True)
class DisputeDecided(DisputeFact):
    outcome: str
    """agreed, ruled, consultant_silent, house_silent, withdrawn."""
    back_minor: int
    currency: str
