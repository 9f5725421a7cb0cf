"""The names of accounts, and the sums that every transaction and account must keep.

A line's amount is positive when money goes into the account. Money from outside comes out of a gateway's account, so
a gateway's balance is minus what people have paid through it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from zhixun.kernel.values import Money

COMMISSION = "platform:commission"
ESCROW = "escrow:"


@dataclass(frozen=True)
class Line:
    account: str
    amount: Money


def escrow_for(purpose: str) -> str:
    """Where money paid for `purpose` waits."""
    return f"{ESCROW}{purpose}"


def escrow_of(booking_id: str) -> str:
    return escrow_for(f"booking:{booking_id}")


def consultant_account(consultant_id: str) -> str:
    return f"consultant:{consultant_id}"


def gateway_account(gateway: str) -> str:
    return f"gateway:{gateway}"


def refunds_account(gateway: str) -> str:
    """Money on its way back to a payer: out of escrow, not yet confirmed by the gateway."""
    return f"refunds:{gateway}"


def is_balanced(lines: Sequence[Line]) -> bool:
    """At least two lines, none of them zero, and every currency sums to zero."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.amount.currency] += line.amount.amount_minor
    return len(lines) >= 2 and all(line.amount for line in lines) and not any(sums.values())


def shares(amount: Money, commission_bps: int) -> tuple[Money, Money]:
    """(commission, what the consultant gets): the commission is rounded half up, the consultant has the rest."""
    commission = amount.share_bps(commission_bps)
    return commission, amount - commission
