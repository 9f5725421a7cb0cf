"""What other programs may hear, where they may live, how what we say is signed, and how often we try."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from zhixun.events import accounts, booking, catalog, payments, quality
from zhixun.kernel.addresses import is_public_name
from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.event import Event

KINDS: dict[str, tuple[type[Event], str]] = {
    "person.signed_up": (accounts.PersonSignedUp, N_("A person has signed up")),
    "consultant.listed": (catalog.ConsultantListed, N_("A consultant is listed, or their page has changed")),
    "consultant.unlisted": (catalog.ConsultantUnlisted, N_("A consultant is no longer listed")),
    "booking.held": (booking.BookingHeld, N_("A time is held for a client")),
    "booking.requested": (booking.BookingRequested, N_("A booking is paid and waits for the consultant’s yes")),
    "booking.confirmed": (booking.BookingConfirmed, N_("A booking is paid and confirmed")),
    "booking.expired": (booking.BookingExpired, N_("A hold ended unpaid")),
    "booking.cancelled": (booking.BookingCancelled, N_("A booking is cancelled")),
    "session.began": (booking.SessionBegan, N_("A session has begun")),
    "session.completed": (booking.SessionCompleted, N_("A session is completed")),
    "session.missed": (booking.SessionMissed, N_("Somebody did not come")),
    "payment.captured": (payments.PaymentCaptured, N_("A payment has arrived")),
    "payment.failed": (payments.PaymentFailed, N_("A payment has failed")),
    "refund.completed": (payments.RefundCompleted, N_("A refund is through")),
    "feedback.given": (quality.FeedbackGiven, N_("A client has left feedback")),
}
"""Name for programs → the fact, and what it says to people. A name never changes its meaning."""
PING = "ping"

URL_LENGTH_MAX = 500
DESCRIPTION_LENGTH_MAX = 100
ENDPOINTS_MAX = 20

PAUSES = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
"""Between one try and the next: ten tries within about three days."""
CLAIM_LASTS = timedelta(minutes=2)
"""Longer than any one try takes; after it the try counts as lost with its process."""
WAKE_AGAIN = timedelta(minutes=5)
KEPT = timedelta(days=30)
SILENT_FOR = timedelta(days=5)
"""An address that has answered nothing well for so long is switched off."""
GONE_STATUS = 410


class State(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


def kind_of(fact: Event) -> str:
    """The name programs know a fact by."""
    return next(kind for kind, (event_type, _) in KINDS.items() if type(fact) is event_type)


def clean_kinds(kinds: list[str]) -> list[str]:
    """Those of KINDS that were chosen, in our order. Raises Invalid where none or an unknown one was."""
    if not kinds or set(kinds) - set(KINDS):
        raise Invalid(fields={"kinds": N_("Choose at least one of the facts in the list.")})
    return [kind for kind in KINDS if kind in kinds]


def clean_description(text: str) -> str:
    line = " ".join(text.split())
    if len(line) > DESCRIPTION_LENGTH_MAX:
        raise Invalid(fields={"description": N_("At most 100 characters, please.")})
    return line


def clean_url(url: str, *, private_allowed: bool) -> str:
    """An address on the public net, over https. `private_allowed` is for houses whose programs live beside them: then
    http and addresses of the own network will do. Raises Invalid.

    Names that lead to a private address are refused when sending: today's answer of the net may be another tomorrow.
    """
    address = url.strip()
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= URL_LENGTH_MAX
    known = parts.scheme == "https" or (private_allowed and parts.scheme == "http")
    if not (plain and known and host and port != 0) or parts.username or parts.password or parts.fragment:
        raise Invalid(fields={"url": N_("Please give an address like https://example.com/zhixun.")})
    if not private_allowed and not is_public_name(host):
        raise Invalid(fields={"url": N_("This address lies in a private network. We only speak to the public net.")})
    return address


def signature(secret: bytes, *, delivery_id: str, timestamp: int, body: str) -> str:
    """As the Standard Webhooks specification (standardwebhooks.com, v1) has it: "v1," and the base64 of the HMAC-SHA256
    of "id.timestamp.body"."""
    signed = f"{delivery_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def is_fine(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def pause_after(tries: int) -> timedelta | None:
    """How long to wait after the given number of tries; None when it was the last."""
    return PAUSES[tries - 1] if tries <= len(PAUSES) else None
