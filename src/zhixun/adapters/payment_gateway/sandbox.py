"""A payment provider that takes no money: it shows its own page and signs its webhooks as a real one would."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from zhixun.features.payments.ports import Capture, Failure
from zhixun.kernel.errors import Forbidden, Invalid
from zhixun.kernel.values import Money, utc_now

SIGNATURE = "X-Sandbox-Signature"
AGE_MAX_SECONDS = 300
REFUSED_CENTS = 13
"""The sandbox refuses to collect amounts with these cents, so that what follows a refusal can be tried."""


class SandboxGateway:
    def __init__(self, key: str) -> None:
        self._key = hashlib.sha256(b"sandbox webhook:" + key.encode()).digest()

    def open_checkout(self, payment_id: str, amount: Money, description: str, return_path: str) -> str:
        return f"/sandbox/pay/{payment_id}"

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> Capture | Failure:
        self._check(body, headers.get(SIGNATURE, ""))
        try:
            said = json.loads(body)
            if said["type"] == "failed":
                return Failure(str(said["payment_id"]), str(said["reason"]), str(said.get("attempt_id", "")))
            if said["type"] != "captured":
                raise Invalid
            amount = Money(int(said["amount_minor"]), str(said["currency"]))
            return Capture(str(said["payment_id"]), str(said["charge_id"]), amount)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise Invalid from error

    def collect(self, payment_id: str, amount: Money, like_payment_id: str) -> Capture | Failure:
        if amount.amount_minor % 100 == REFUSED_CENTS:
            return Failure(payment_id, "refused by the sandbox", f"sandbox-{payment_id}-collect")
        return Capture(payment_id, f"sandbox-{payment_id}-collect", amount)

    def refund(self, refund_id: str, payment_id: str, provider_ref: str, amount: Money) -> str:
        return f"sandbox-refund-{refund_id}"

    def sign(self, event: Capture | Failure) -> tuple[bytes, dict[str, str]]:
        said: dict[str, object] = {"payment_id": event.payment_id}
        if isinstance(event, Capture):
            said |= {"type": "captured", "charge_id": event.provider_ref}
            said |= {"amount_minor": event.amount.amount_minor, "currency": event.amount.currency}
        else:
            said |= {"type": "failed", "reason": event.reason, "attempt_id": event.provider_ref}
        return self.signed(json.dumps(said).encode())

    def signed(self, body: bytes) -> tuple[bytes, dict[str, str]]:
        """Any body with the header that makes it ours; the time in it is now."""
        at = str(int(utc_now().timestamp()))
        return body, {SIGNATURE: f"t={at},v1={self._digest(at, body)}"}

    def _check(self, body: bytes, signature: str) -> None:
        parts = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
        at = parts.get("t", "")
        if not at.isascii() or not at.isdigit():
            raise Forbidden
        # As bytes: texts that are not ASCII cannot be compared in constant time.
        if not hmac.compare_digest(self._digest(at, body).encode(), parts.get("v1", "").encode()):
            raise Forbidden
        if abs(utc_now().timestamp() - int(at)) > AGE_MAX_SECONDS:
            raise Forbidden

    def _digest(self, at: str, body: bytes) -> str:
        return hmac.new(self._key, at.encode() + b"." + body, hashlib.sha256).hexdigest()
