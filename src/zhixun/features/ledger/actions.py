from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from zhixun.kernel.errors import N_, Conflict
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, new_id

from . import rules
from .models import Account, Entry, Transaction
from .rules import Line


class NothingToTake(Conflict):
    code, message = "refund_too_much", N_("More cannot be given back than was paid.")


def post(uow: UnitOfWork, *, key: str, kind: str, purpose: str, lines: Sequence[Line]) -> str:
    """Book one transaction; returns its id. The same `key` again books nothing and returns the first one's id.

    The lines are written in the order of their accounts, so that two who move the same money wait for each other in
    one order only. The database itself refuses lines that do not sum to zero and an escrow below zero.
    """
    assert rules.is_balanced(lines), f"lines of {key} do not balance"
    transaction_id = new_id()
    new = insert(Transaction).values(id=transaction_id, key=key, kind=kind, purpose=purpose, at=uow.now)
    # Someone booking the same cause at this moment makes us wait here until theirs is booked or rolled back.
    if uow.db.scalar(new.on_conflict_do_nothing(index_elements=["key"]).returning(Transaction.id)) is None:
        return uow.db.scalars(select(Transaction.id).where(Transaction.key == key)).one()
    ordered = sorted(lines, key=lambda line: (line.account, line.amount.currency))
    entries = [
        {
            "transaction_id": transaction_id, "number": number, "account": line.account,
            "amount_minor": line.amount.amount_minor, "currency": line.amount.currency,
        }
        for number, line in enumerate(ordered, 1)
    ]  # fmt: skip
    uow.db.execute(insert(Entry), entries)
    return transaction_id


def sources_of_refund(uow: UnitOfWork, *, purpose: str, amount: Money) -> list[Line]:
    """Where money comes from that goes back for `purpose`: the lines that take it out, without the one that puts it in.

    What waits in escrow goes first. What was released already is taken back from the consultant and the house as they
    got it, cumulatively (`rules.spread`); a consultant's balance may thereby fall below zero, and later payouts make up
    for it. Raises NothingToTake where there is less than `amount`.
    """
    escrow, currency = rules.escrow_for(purpose), amount.currency
    waiting = uow.db.scalar(
        select(Account.balance_minor).where(Account.account == escrow, Account.currency == currency).with_for_update()
    )
    first = min(waiting or 0, amount.amount_minor)
    lines = [Line(escrow, Money(-first, currency))] if first else []
    if not (rest := amount.amount_minor - first):
        return lines
    got: dict[str, int] = defaultdict(int)
    given: dict[str, int] = defaultdict(int)
    moved = (
        select(Transaction.kind, Entry.account, Entry.amount_minor)
        .join(Entry)
        .where(Transaction.purpose == purpose, Entry.currency == currency, Transaction.kind.in_(("release", "refund")))
    )
    for kind, account, minor in uow.db.execute(moved):
        if account == rules.COMMISSION or account.startswith("consultant:"):
            (got if kind == "release" else given)[account] += abs(minor)
    receivers = sorted(got)
    if rest > sum(got.values()) - sum(given.values()):
        raise NothingToTake
    taken = rules.spread([got[one] for one in receivers], [given[one] for one in receivers], rest)
    return lines + [Line(one, Money(-part, currency)) for one, part in zip(receivers, taken, strict=True) if part]


def release_escrow(uow: UnitOfWork, *, booking_id: str, consultant_id: str, commission_bps: int) -> None:
    """Give what is left in a booking's escrow to the consultant, less commission. Once; nothing left is fine."""
    escrow = rules.escrow_of(booking_id)
    held = uow.db.execute(
        select(Account.currency, Account.balance_minor)
        .where(Account.account == escrow, Account.balance_minor > 0)
        .with_for_update()
    ).all()
    for currency, amount_minor in held:
        share_out(
            uow, key=f"release:{booking_id}:{currency}", kind="release", purpose=f"booking:{booking_id}", account=escrow,
            amount=Money(amount_minor, currency), consultant_id=consultant_id, commission_bps=commission_bps,
        )  # fmt: skip


def share_out(
    uow: UnitOfWork,
    *,
    key: str,
    kind: str,
    purpose: str,
    account: str,
    amount: Money,
    consultant_id: str,
    commission_bps: int,
) -> None:
    """Give `amount` out of an account to a consultant, less the house's commission. The same `key` once."""
    commission, share = rules.shares(amount, commission_bps)
    lines = [Line(account, -amount)]
    if commission:
        lines.append(Line(rules.COMMISSION, commission))
    if share:
        lines.append(Line(rules.consultant_account(consultant_id), share))
    post(uow, key=key, kind=kind, purpose=purpose, lines=lines)
