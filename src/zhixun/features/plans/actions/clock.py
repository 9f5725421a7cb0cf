"""What time does to a plan."""

from __future__ import annotations

from zhixun.features.plans.models import Holding
from zhixun.kernel.unit_of_work import UnitOfWork

from .buying import ask_for_renewal
from .ending import expire


def pass_time(uow: UnitOfWork, *, holding_id: str) -> None:
    """A package whose time is over ends; a membership is renewed, waits in its days of grace, or lapses."""
    holding = uow.db.get_one(Holding, holding_id, with_for_update=True, populate_existing=True)
    if holding.state != "active" or holding.expires_at > uow.now:
        return
    if not holding.renews or (holding.grace_until is not None and holding.grace_until <= uow.now):
        expire(uow, holding)
    elif holding.next_try_at is None or holding.next_try_at <= uow.now:
        ask_for_renewal(uow, holding)
