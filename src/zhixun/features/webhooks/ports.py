from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Parcel:
    """One try of one delivery."""

    delivery_id: str
    url: str
    endpoint_id: str
    secret_version: int
    body: str
    at: datetime


@dataclass(frozen=True)
class Outcome:
    """What came of a try: the status that was answered, or in a few words why nothing was."""

    status: int | None
    problem: str = ""


class WebhookSender(Protocol):
    def send(self, parcel: Parcel) -> Outcome:
        """Send it once, signed. Follows no redirect, waits a limited time, raises nothing for what the other side does."""

    def secret(self, endpoint_id: str, version: int) -> str:
        """What the other side checks our signature with: "whsec_" and base64."""
