"""What waits on the operators' desk when someone looks at it for the first time."""

from __future__ import annotations

from datetime import datetime, timedelta

from zhixun.features.payouts import actions as payouts
from zhixun.features.payouts.actions import NothingToPay, RunOpen
from zhixun.kernel.values import Actor

from .history import acting, history
from .words import id_of

FINANCE = Actor(id_of("account", "finance@example.com"), frozenset({"operator", "finance"}), "沈度")


def propose_payouts(*, seed: int, now: datetime) -> None:
    """Finance has proposed a run; the operator may approve it."""
    try:
        with history(now) as uow:
            at = now - timedelta(hours=3)
            payouts.propose_run(acting(uow, FINANCE, at), run_id=id_of("payout-run", seed))
    except (NothingToPay, RunOpen):
        return
