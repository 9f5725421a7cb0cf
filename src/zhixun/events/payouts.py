from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class PayoutRunProposed(Event):
    run_id: str
    proposed_by: str
    total_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PayoutRunApproved(Event):
    run_id: str
    approved_by: str


@dataclass(frozen=True, kw_only=True)
class PayoutMade(Event):
    """One consultant's money has left the house."""

    run_id: str
    consultant_id: str
    amount_minor: int
    currency: str
