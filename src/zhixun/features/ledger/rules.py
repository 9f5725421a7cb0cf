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
DISCOUNTS = "platform:discounts"
"""What the house pays for members' prices."""
COUPONS = "platform:coupons"
"""What the house pays for coupons."""
POINTS_COST = "platform:points"
"""What the house pays for points that are spent."""
POINTS = "PTS"
"""The books count points as a currency of their own; they are whole."""
POINTS_ISSUED = "issued:points"
"""Where points come from and go to, in points: minus what all people have."""
MEMBERSHIPS = "platform:memberships"
"""What memberships bring the house and cost it: fees not used up, and what included sessions cost above them."""
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


def credits_of(holding_id: str) -> str:
    """What a client has paid for sessions that are still owed: unearned, the house's debt."""
    return f"credits:{holding_id}"


def points_account(person_id: str) -> str:
    """Someone's points, in the currency PTS."""
    return f"points:{person_id}"


def consultant_account(consultant_id: str) -> str:
    return f"consultant:{consultant_id}"


def gateway_account(gateway: str) -> str:
    return f"gateway:{gateway}"


def refunds_account(gateway: str) -> str:
    """Money on its way back to a payer: out of escrow, not yet confirmed by the gateway."""
    return f"refunds:{gateway}"


PAID_OUT = "bank:payouts"
"""Money that has left the house for its consultants."""


def is_balanced(lines: Sequence[Line]) -> bool:
    """At least two lines, none of them zero, and every currency sums to zero."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.amount.currency] += line.amount.amount_minor
    return len(lines) >= 2 and all(line.amount for line in lines) and not any(sums.values())


def spread(parts: Sequence[int], given: Sequence[int], amount: int) -> list[int]:
    """Take `amount` off several parts in proportion to them, cumulatively: `given` is what was taken off each before.

    Largest remainder against the exact cumulative share, so that any row of partial takings ends exactly at the parts,
    takes no part below zero and none more than it has, and is never off its exact share by a whole unit for long.
    """
    total, so_far = sum(parts), sum(given)
    assert 0 <= amount <= total - so_far, "more than is left cannot be taken"
    claims = [part * (so_far + amount) - before * total for part, before in zip(parts, given, strict=True)]
    shares = [
        min(max(0, claim // total), part - before) for claim, part, before in zip(claims, parts, given, strict=True)
    ]
    left = amount - sum(shares)
    while left:
        step = 1 if left > 0 else -1
        room = [n for n, one in enumerate(shares) if (parts[n] - given[n] - one if step > 0 else one) > 0]
        chosen = max(room, key=lambda n: (step * (claims[n] - shares[n] * total), -n))
        shares[chosen] += step
        left -= step
    return shares


def shares(amount: Money, commission_bps: int) -> tuple[Money, Money]:
    """(commission, what the consultant gets): the commission is rounded half up, the consultant has the rest."""
    commission = amount.share_bps(commission_bps)
    return commission, amount - commission
