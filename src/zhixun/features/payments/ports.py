"""What payments asks of a payment provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from zhixun.kernel.values import Money

from .rules import Record


@dataclass(frozen=True)
class Capture:
    """The provider says: this charge of this payment is paid. `provider_ref` is unique per charge."""

    payment_id: str
    provider_ref: str
    amount: Money


@dataclass(frozen=True)
class Failure:
    """The provider says: this try to pay failed. `provider_ref` is unique per try, where the provider names tries."""

    payment_id: str
    reason: str
    provider_ref: str = ""


class PaymentGateway(Protocol):
    def open_checkout(self, payment_id: str, amount: Money, description: str, return_path: str) -> str:
        """Where the payer goes to pay: an address."""

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> Capture | Failure:
        """What a webhook says. Raises Forbidden for a signature that is missing, wrong or older than five minutes, and
        Invalid for a body that is signed but makes no sense."""

    def collect(self, payment_id: str, amount: Money, like_payment_id: str) -> Capture | Failure:
        """Collect a payment by itself, as its payer agreed when they paid `like_payment_id`. The same `payment_id`
        twice is one charge."""

    def refund(self, refund_id: str, payment_id: str, provider_ref: str, amount: Money) -> str:
        """Send money back; the provider's reference. The same `refund_id` twice is one refund."""

    def records(self, from_: datetime, until: datetime) -> Sequence[Record]:
        """What the provider itself has of charges and refunds made in [from_, until), each once."""

    def sign(self, event: Capture | Failure) -> tuple[bytes, dict[str, str]]:
        """(body, headers) as the provider would send them: for gateways that stand in for one. Others raise."""


class PaymentGateways(dict[str, PaymentGateway]):
    """The chosen gateways by name."""
