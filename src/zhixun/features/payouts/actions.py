from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from zhixun.events.payouts import PayoutMade, PayoutRunApproved, PayoutRunProposed
from zhixun.features.accounts.rules import check_right
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger import queries as ledger_queries
from zhixun.features.ledger.rules import PAID_OUT, Line, consultant_account
from zhixun.kernel.errors import N_, Conflict, Forbidden, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, is_id

from . import rules
from .models import Payout, Run
from .rules import RunState


class NothingToPay(Conflict):
    code, message = "nothing_to_pay", N_("No balance is large enough to be paid out.")


class RunOpen(Conflict):
    code, message = "run_open", N_("A run is waiting for its approval already. Decide that one first.")


class OwnProposal(Forbidden):
    code, message = "own_proposal", N_("You proposed this run, so someone else has to approve it.")


class AlreadyDecided(Conflict):
    code, message = "already_decided", N_("This run has been decided already.")


class BalanceFell(Conflict):
    code = "balance_fell"
    message = N_("A balance is smaller than when this run was proposed. Reject it and propose a new one.")


def propose_run(uow: UnitOfWork, *, run_id: str, currency: str = "CNY") -> None:
    """Write down who would be paid what: every balance worth a transfer. No money moves. The same id twice is once.

    Raises RightNeeded, Invalid, NothingToPay, RunOpen.
    """
    check_right(uow.actor, "pay_out")
    if not is_id(run_id):
        raise Invalid
    if uow.db.get(Run, run_id) is not None:
        return
    wanted = rules.payable(ledger_queries.consultant_balances(uow.db, currency))
    if not wanted:
        raise NothingToPay
    total = sum(amount.amount_minor for amount in wanted.values())
    try:
        with uow.db.begin_nested():
            uow.db.add(
                Run(
                    id=run_id, currency=currency, state=RunState.PROPOSED, total_minor=total, reason="",
                    proposed_by=uow.actor.user_id, proposed_at=uow.now, decided_by=None, decided_at=None,
                )
            )  # fmt: skip
            uow.db.flush()
    except IntegrityError:
        raise RunOpen from None
    uow.db.add_all(
        Payout(run_id=run_id, consultant_id=who, amount_minor=amount.amount_minor) for who, amount in wanted.items()
    )
    uow.emit(PayoutRunProposed(run_id=run_id, proposed_by=uow.actor.user_id, total_minor=total, currency=currency))


def approve_run(uow: UnitOfWork, *, run_id: str) -> None:
    """A second person says yes: the books move every amount from its consultant to the bank, all or none.

    Twice is once. Raises RightNeeded, NotFound, OwnProposal, AlreadyDecided, BalanceFell.
    """
    check_right(uow.actor, "pay_out")
    run = _locked(uow, run_id)
    if run.state == RunState.APPROVED:
        return
    if run.proposed_by == uow.actor.user_id:
        raise OwnProposal
    _decide(uow, run, RunState.APPROVED, "")
    payouts = uow.db.scalars(select(Payout).where(Payout.run_id == run_id).order_by(Payout.consultant_id)).all()
    for one in payouts:
        amount, account = Money(one.amount_minor, run.currency), consultant_account(one.consultant_id)
        ledger.post(
            uow, key=f"payout:{run_id}:{one.consultant_id}", kind="payout", purpose=rules.purpose_of_run(run_id),
            lines=[Line(account, -amount), Line(PAID_OUT, amount)],
        )  # fmt: skip
        # Posting has locked the balance: what it is now, nobody can change before we are done.
        if ledger_queries.balance(uow.db, account, run.currency).amount_minor < 0:
            raise BalanceFell
        uow.emit(
            PayoutMade(
                run_id=run_id, consultant_id=one.consultant_id, amount_minor=one.amount_minor, currency=run.currency
            )
        )
    uow.emit(PayoutRunApproved(run_id=run_id, approved_by=uow.actor.user_id))


def reject_run(uow: UnitOfWork, *, run_id: str, reason: str) -> None:
    """Either of them says no; nothing was moved. Raises RightNeeded, NotFound, AlreadyDecided, Invalid."""
    check_right(uow.actor, "pay_out")
    said = rules.clean_reason(reason)
    run = _locked(uow, run_id)
    if run.state == RunState.REJECTED:
        return
    _decide(uow, run, RunState.REJECTED, said)


def let_run_lapse(uow: UnitOfWork, *, run_id: str) -> None:
    """What nobody decides in time is no longer offered for approval. One that was decided meanwhile stays so."""
    run = _locked(uow, run_id)
    if run.state == RunState.PROPOSED and run.proposed_at + rules.DECIDE_WITHIN <= uow.now:
        _decide(uow, run, RunState.LAPSED, "")


def _locked(uow: UnitOfWork, run_id: str) -> Run:
    run = uow.db.get(Run, run_id, with_for_update=True, populate_existing=True)
    if run is None:
        raise NotFound
    return run


def _decide(uow: UnitOfWork, run: Run, state: RunState, reason: str) -> None:
    if not rules.may_become(RunState(run.state), state):
        raise AlreadyDecided
    run.state, run.reason = state, reason
    run.decided_by, run.decided_at = uow.actor.user_id or "system", uow.now
    uow.db.flush()
