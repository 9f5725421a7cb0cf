"""What a payment is for, its states, and how one provider event settles."""

from __future__ import annotations

from enum import StrEnum

BOOKING, ORDER = "booking:", "order:"


class PaymentState(StrEnum):
    PENDING = "pending"
    CAPTURED = "captured"
    FAILED = "failed"


class Settlement(StrEnum):
    """What a capture turned out to be."""

    CAPTURED = "captured"
    ALREADY_CAPTURED = "already_captured"
    PAID_TWICE = "paid_twice"
    """A second charge for a payment that is captured: booked, and sent back whole by itself."""
    WRONG_AMOUNT = "wrong_amount"
    """Not what was asked: booked, and sent back whole by itself."""
    UNKNOWN_PAYMENT = "unknown_payment"


def purpose_of_booking(booking_id: str) -> str:
    return f"{BOOKING}{booking_id}"


def booking_of(purpose: str) -> str | None:
    """The booking a purpose names, or None where it is something else."""
    return purpose.removeprefix(BOOKING) if purpose.startswith(BOOKING) else None


def purpose_of_order(order_id: str) -> str:
    return f"{ORDER}{order_id}"


def order_of(purpose: str) -> str | None:
    """The order of a plan that a purpose names, or None where it is something else."""
    return purpose.removeprefix(ORDER) if purpose.startswith(ORDER) else None
