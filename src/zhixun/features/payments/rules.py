"""What a payment is for, its states, how one provider event settles, and where two books differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

from zhixun.features.ledger.rules import Line, escrow_for, gateway_account, refunds_account
from zhixun.kernel.values import Money

BOOKING, ORDER, SERIES, CALL = "booking:", "order:", "series:", "call:"


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


def purpose_of_series(series_id: str) -> str:
    """One payment for several bookings; each of them is a part of it under its own purpose."""
    return f"{SERIES}{series_id}"


def series_of(purpose: str) -> str | None:
    """The series a purpose names, or None where it is something else."""
    return purpose.removeprefix(SERIES) if purpose.startswith(SERIES) else None


def capture_key(gateway: str, provider_ref: str, part: str = "") -> str:
    """The key under which the ledger has a charge, or what of it went to one part."""
    return f"capture:{gateway}:{provider_ref}" + (f":{part}" if part else "")


def purpose_of_call(call_id: str) -> str:
    return f"{CALL}{call_id}"


def call_of(purpose: str) -> str | None:
    """The instant call that a purpose names, before anyone has answered it; None where it is something else."""
    return purpose.removeprefix(CALL) if purpose.startswith(CALL) else None


Subject = Literal["charge", "refund"]
AROUND = timedelta(days=1)
"""How far apart both sides may say that the same thing happened: clocks differ, and reports come late."""
RECONCILED_DAYS = 7
"""So many days back the clock looks for one that nobody has compared yet."""


@dataclass(frozen=True)
class Record:
    """A charge or refund as the provider has it. `our_id` is what we called it: a payment's id, or a refund's."""

    subject: Subject
    reference: str
    our_id: str
    amount: Money
    at: datetime


@dataclass(frozen=True)
class Kept:
    """The same as we have it; `booked` is what the ledger has under it, `done` whether we know that it is through."""

    subject: Subject
    reference: str
    our_id: str
    purpose: str
    amount: Money
    at: datetime
    booked: Money | None
    done: bool = True
    parts: tuple[tuple[str, Money], ...] = ()
    """Of a payment for several purposes: each, and its part."""


class Differs(StrEnum):
    MISSING_HERE = "missing_here"
    """The provider has it, we do not."""
    MISSING_THERE = "missing_there"
    """We have it, the provider does not."""
    AMOUNT = "amount"
    NOT_CONFIRMED = "not_confirmed"
    """The provider has sent a refund that we only know as asked for."""
    NOT_BOOKED = "not_booked"
    """Both have it, the ledger has it not or with another amount."""


@dataclass(frozen=True)
class Difference:
    kind: Differs
    subject: Subject
    reference: str
    our_id: str
    theirs: Money | None
    ours: Money | None
    proposed: tuple[Line, ...]
    """What would make both equal, for a person to decide."""


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """A provider's day, by UTC."""
    begins = datetime.combine(day, time(), UTC)
    return begins, begins + timedelta(days=1)


def compare(
    theirs: Sequence[Record], ours: Sequence[Kept], *, gateway: str, from_: datetime, until: datetime
) -> list[Difference]:
    """Where they differ on what happened in [from_, until), by the clock of whoever has it.

    `theirs` reaches AROUND further on both sides, `ours` has whatever `theirs` names too: what one side has a moment
    after midnight is no difference. A charge is known by the provider's reference, a refund by our id.
    """
    there = {_name(one): one for one in reversed(theirs)}
    here = {_name(one): one for one in ours}
    found = []
    for name, record in there.items():
        if from_ <= record.at < until:
            found += _of_theirs(record, here.get(name), gateway)
    for name, kept in here.items():
        if kept.done and name not in there and from_ <= kept.at < until:
            found.append(_missing_there(kept, gateway))
    return sorted(found, key=lambda one: (one.subject, one.reference, one.our_id))


def _name(one: Record | Kept) -> tuple[str, str]:
    return one.subject, one.reference if one.subject == "charge" else one.our_id


def _of_theirs(record: Record, kept: Kept | None, gateway: str) -> list[Difference]:
    if kept is None:
        return [_difference(Differs.MISSING_HERE, record, None, _entry(record.subject, gateway, record.amount))]
    if kept.amount != record.amount:
        owed = _entry(record.subject, gateway, record.amount - kept.amount) if _alike(record, kept) else ()
        return [_difference(Differs.AMOUNT, record, kept.amount, owed)]
    if not kept.done:
        return [_difference(Differs.NOT_CONFIRMED, record, kept.amount, _entry("refund", gateway, kept.amount))]
    if kept.booked != kept.amount:
        booked = kept.booked or Money(0, kept.amount.currency)
        owed = _entry(kept.subject, gateway, kept.amount - booked)
        return [_difference(Differs.NOT_BOOKED, record, kept.booked, owed)]
    return []


def _alike(record: Record, kept: Kept) -> bool:
    return record.amount.currency == kept.amount.currency


def _difference(kind: Differs, record: Record, ours: Money | None, proposed: tuple[Line, ...]) -> Difference:
    return Difference(kind, record.subject, record.reference, record.our_id, record.amount, ours, proposed)


def _missing_there(kept: Kept, gateway: str) -> Difference:
    """We have money that the provider never took: it comes out of where it waits."""
    proposed = _entry("refund", gateway, -kept.amount)
    if kept.subject == "charge":
        parts = kept.parts or ((kept.purpose, kept.amount),)
        waits = (Line(escrow_for(purpose), -amount) for purpose, amount in parts)
        proposed = (*waits, Line(gateway_account(gateway), kept.amount))
    return Difference(
        Differs.MISSING_THERE, kept.subject, kept.reference, kept.our_id, None, kept.amount, proposed
    )  # fmt: skip


def _entry(subject: Subject, gateway: str, amount: Money) -> tuple[Line, ...]:
    """A charge nobody asked for waits to go back; a refund that has gone leaves where it waited."""
    in_ = amount if subject == "charge" else -amount
    return Line(gateway_account(gateway), -in_), Line(refunds_account(gateway), in_)
