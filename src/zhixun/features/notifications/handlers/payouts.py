"""What a consultant is told about their money."""

from __future__ import annotations

from zhixun.events.payouts import PayoutMade
from zhixun.kernel.values import Money
from zhixun.web.formats import money

from . import tell_decided


def tell_consultant_paid_out(event: PayoutMade) -> None:
    amount = money(Money(event.amount_minor, event.currency), exact=True)
    values = {"title": {"zh": amount, "en": amount}}
    tell_decided(event, "payout_made", event.consultant_id, event.run_id, values)
