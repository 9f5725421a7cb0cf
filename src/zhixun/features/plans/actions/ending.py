"""The end of a plan: its unused part refunded, credits nobody used in time, a membership that is not renewed."""

from __future__ import annotations

from zhixun.features.catalog import queries as catalog
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger import queries as ledger_queries
from zhixun.features.ledger.rules import Line, credits_of, escrow_for
from zhixun.features.payments import actions as payments
from zhixun.features.payments.rules import purpose_of_order
from zhixun.features.plans import rules
from zhixun.features.plans.models import Holding
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, is_id, new_id

from .buying import earn_membership


class NothingToRefund(Conflict):
    code, message = "nothing_to_refund", N_("Nothing is left of this plan that could be refunded.")


def refund_plan(uow: UnitOfWork, *, holding_id: str) -> Money:
    """Give back the unused part of one's own package: what was paid less what was used at the price of single sessions.
    What stays behind of it belongs to the sessions that were held. Twice is once. Raises NotFound, NothingToRefund.
    """
    holding = _own(uow, holding_id)
    if holding.kind != "package":
        raise NothingToRefund
    if holding.state == "ended":
        return Money(0, holding.currency)
    balance = ledger_queries.balance(uow.db, credits_of(holding.id), holding.currency)
    back = rules.refund_of_unused(
        Money(holding.price_minor, holding.currency), list_price=Money(holding.list_minor, holding.currency),
        quantity_units=holding.quantity_units, left_units=holding.left_units, balance=balance,
    )  # fmt: skip
    if not holding.left_units or not back:
        raise NothingToRefund
    purpose, refund_id = purpose_of_order(holding.order_id), new_id()
    ledger.post(
        uow, key=f"uncredit:{refund_id}", kind="uncredit", purpose=purpose,
        lines=[Line(credits_of(holding.id), -back), Line(escrow_for(purpose), back)],
    )  # fmt: skip
    payments.request_refund(uow, refund_id=refund_id, purpose=purpose, amount=back, reason="plan_refund")
    _share_rest(uow, holding, balance - back)
    _end(holding, "refunded")
    return back


def cancel_membership(uow: UnitOfWork, *, holding_id: str) -> None:
    """Let one's own membership end with the month that is paid for. Twice is once. Raises NotFound."""
    holding = _own(uow, holding_id)
    if holding.kind != "membership":
        raise NotFound
    holding.renews = False


def resume_membership(uow: UnitOfWork, *, holding_id: str) -> None:
    """Let it go on after all, while it has not ended. Raises NotFound."""
    holding = _own(uow, holding_id)
    if holding.kind != "membership" or holding.state != "active":
        raise NotFound
    holding.renews = True


def expire(uow: UnitOfWork, holding: Holding) -> None:
    """The rule `expired_credits_are_shared`: what nobody used in time is shared between consultant and house as a held
    session is, because the time was promised; a membership's month is the house's."""
    if holding.kind == "membership":
        earn_membership(uow, holding)
        _end(holding, "lapsed" if holding.renews else "cancelled")
        return
    _share_rest(uow, holding, ledger_queries.balance(uow.db, credits_of(holding.id), holding.currency))
    _end(holding, "expired" if holding.left_units else "used_up")


def _share_rest(uow: UnitOfWork, holding: Holding, rest: Money) -> None:
    if not rest:
        return
    assert holding.consultant_id
    ledger.share_out(
        uow, key=f"breakage:{holding.id}:{new_id()}", kind="breakage", purpose=purpose_of_order(holding.order_id),
        account=credits_of(holding.id), amount=rest, consultant_id=holding.consultant_id,
        commission_bps=catalog.commission_bps(uow.db, holding.consultant_id),
    )  # fmt: skip


def _end(holding: Holding, reason: str) -> None:
    holding.state, holding.ended_reason, holding.left_units = "ended", reason, 0
    holding.renews = False
    holding.grace_until = holding.next_try_at = None


def _own(uow: UnitOfWork, holding_id: str) -> Holding:
    if not is_id(holding_id):
        raise NotFound
    holding = uow.db.get(Holding, holding_id, with_for_update=True, populate_existing=True)
    if holding is None or holding.person_id != uow.actor.user_id:
        raise NotFound
    return holding
