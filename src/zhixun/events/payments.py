from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class PaymentCaptured(Event):
    payment_id: str
    purpose: str
    """What it pays for, e.g. "booking:018f…"."""
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(Event):
    payment_id: str
    purpose: str


@dataclass(frozen=True, kw_only=True)
class CollectionRequested(Event):
    """A payment is to be collected without its payer, in the way `like_payment_id` was paid."""

    payment_id: str
    like_payment_id: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(Event):
    refund_id: str
    payment_id: str


@dataclass(frozen=True, kw_only=True)
class RefundCompleted(Event):
    refund_id: str
    payment_id: str
    purpose: str
    amount_minor: int
    currency: str
