"""A payment provider that takes no money: it shows its own page and signs its webhooks as a real one would."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from zhixun.features.payments.ports import Capture, Failure
from zhixun.features.payments.rules import Record
from zhixun.kernel.errors import Forbidden, Invalid
from zhixun.kernel.values import Money, utc_now

SIGNATURE = "X-Sandbox-Signature"
AGE_MAX_SECONDS = 300
REFUSED_CENTS = 13
"""The sandbox refuses to collect amounts with these cents, so that what follows a refusal can be tried."""


class SandboxGateway:
    """`journal` is the file with what it has charged and sent back: the records a provider would have."""

    def __init__(self, key: str, journal: Path) -> None:
        self._journal = journal
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
        reference = f"sandbox-{payment_id}-collect"
        self.note(Record("charge", reference, payment_id, amount, utc_now()))
        return Capture(payment_id, reference, amount)

    def refund(self, refund_id: str, payment_id: str, provider_ref: str, amount: Money) -> str:
        reference = f"sandbox-refund-{refund_id}"
        self.note(Record("refund", reference, refund_id, amount, utc_now()))
        return reference

    def records(self, from_: datetime, until: datetime) -> list[Record]:
        lines = self._journal.read_text("utf-8").splitlines() if self._journal.exists() else []
        found: dict[tuple[str, str], Record] = {}
        for line in lines:
            subject, reference, our_id, amount_minor, currency, at = json.loads(line)
            record = Record(subject, reference, our_id, Money(amount_minor, currency), datetime.fromisoformat(at))
            if from_ <= record.at < until:
                found.setdefault((subject, reference), record)
        return list(found.values())

    def note(self, *records: Record) -> None:
        """Write into the journal. The same charge or refund again is the first one."""
        lines = [
            json.dumps([one.subject, one.reference, one.our_id, one.amount.amount_minor, one.amount.currency, one.at.isoformat()])
            for one in records
        ]  # fmt: skip
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        with self._journal.open("a", encoding="utf-8") as journal:  # one write, so that processes do not mix lines
            journal.write("".join(line + "\n" for line in lines))

    def sign(self, event: Capture | Failure) -> tuple[bytes, dict[str, str]]:
        said: dict[str, object] = {"payment_id": event.payment_id}
        if isinstance(event, Capture):
            self.note(Record("charge", event.provider_ref, event.payment_id, event.amount, utc_now()))
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
