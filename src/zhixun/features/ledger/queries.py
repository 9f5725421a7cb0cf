from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, aliased

from zhixun.kernel.errors import N_
from zhixun.kernel.personal import OpenMatter
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Money

from .models import Account, Entry, Transaction
from .rules import COMMISSION, ESCROW, POINTS, consultant_account

EARNED = ("release", "breakage")
"""Kinds of transactions that bring a consultant money: a session's escrow, and credits that nobody used in time."""


@dataclass(frozen=True)
class EntryLine:
    transaction_id: str
    at: datetime
    kind: str
    purpose: str
    key: str
    amount: Money


@dataclass(frozen=True)
class EarningsLine:
    """What one session brought: price left after refunds, the platform's commission, the consultant's share."""

    purpose: str
    gross: Money
    commission: Money
    net: Money
    released_at: datetime


@dataclass(frozen=True)
class AccountMonth:
    opening: Money
    lines: tuple[EntryLine, ...]

    @property
    def closing(self) -> Money:
        return self.opening + sum((line.amount for line in self.lines), Money(0, self.opening.currency))


@dataclass(frozen=True)
class Verification:
    problems: tuple[str, ...]
    transactions: int
    entries: int
    accounts: int
    sums: dict[str, dict[str, int]]
    """Currency → kind of account ("escrow", "consultant", "platform", "gateway", "refunds") → balance."""

    @property
    def holds(self) -> bool:
        return not self.problems


def balance(db: Session, account: str, currency: str = "CNY") -> Money:
    found = db.scalar(select(Account.balance_minor).where(Account.account == account, Account.currency == currency))
    return Money(found or 0, currency)


def balances(db: Session, accounts: Sequence[str], currency: str = "CNY") -> dict[str, Money]:
    """The balances of several accounts; one that was never used is not in the answer. One statement."""
    wanted = select(Account.account, Account.balance_minor).where(
        Account.account.in_(accounts), Account.currency == currency
    )
    return {account: Money(minor, currency) for account, minor in db.execute(wanted)}


def entries(db: Session, account: str, *, limit: int = 50, before: datetime | None = None) -> list[EntryLine]:
    """An account's lines, the newest first."""
    wanted = select(Entry, Transaction).join(Transaction).where(Entry.account == account)
    if before is not None:
        wanted = wanted.where(Transaction.at < before)
    rows = db.execute(wanted.order_by(Transaction.at.desc(), Transaction.id.desc()).limit(limit))
    return [
        EntryLine(t.id, t.at, t.kind, t.purpose, t.key, Money(entry.amount_minor, entry.currency)) for entry, t in rows
    ]


def transactions_for(db: Session, purpose: str) -> list[EntryLine]:
    """Every line of money booked for one purpose, in the order they were booked; `key` names the account here."""
    return transactions_for_many(db, [purpose])[purpose]


def transactions_for_many(db: Session, purposes: Sequence[str]) -> dict[str, list[EntryLine]]:
    """The same for several purposes; each is in the answer. A client's points are theirs to see. One statement."""
    found: dict[str, list[EntryLine]] = {purpose: [] for purpose in purposes}
    rows = db.execute(
        select(Entry, Transaction)
        .join(Transaction)
        .where(Transaction.purpose.in_(purposes), Entry.currency != POINTS)
        .order_by(Transaction.at, Transaction.id, Entry.number)
    )
    for entry, t in rows:
        amount = Money(entry.amount_minor, entry.currency)
        found[t.purpose].append(EntryLine(t.id, t.at, t.kind, t.purpose, entry.account, amount))
    return found


def statement(
    db: Session, consultant_id: str, *, limit: int = 50, before: datetime | None = None
) -> list[EarningsLine]:
    """What was released to a consultant, session by session, the newest first."""
    theirs, commission = aliased(Entry), aliased(Entry)
    wanted = (
        select(Transaction.purpose, Transaction.at, theirs.amount_minor, theirs.currency, commission.amount_minor)
        .join(theirs, theirs.transaction_id == Transaction.id)
        .outerjoin(commission, (commission.transaction_id == Transaction.id) & (commission.account == COMMISSION))
        .where(theirs.account == consultant_account(consultant_id), Transaction.kind.in_(EARNED))
    )
    if before is not None:
        wanted = wanted.where(Transaction.at < before)
    lines = []
    for purpose, at, net, currency, fee in db.execute(wanted.order_by(Transaction.at.desc()).limit(limit)):
        kept = Money(fee or 0, currency)
        lines.append(EarningsLine(purpose, Money(net, currency) + kept, kept, Money(net, currency), at))
    return lines


def consultant_balances(db: Session, currency: str = "CNY") -> dict[str, Money]:
    """Consultant id → balance, of all whose balance is not zero; below zero is owed to the house. One statement."""
    prefix = consultant_account("")
    rows = db.execute(
        select(Account.account, Account.balance_minor)
        .where(Account.account.startswith(prefix), Account.currency == currency, Account.balance_minor != 0)
        .order_by(Account.account)
    )
    return {account.removeprefix(prefix): Money(minor, currency) for account, minor in rows}


def month_of(db: Session, account: str, from_: datetime, until: datetime, currency: str = "CNY") -> AccountMonth:
    """An account's balance before `from_`, and its lines in [from_, until), the oldest first. Two statements."""
    mine = (Entry.account == account, Entry.currency == currency)
    before = db.scalar(select(func.sum(Entry.amount_minor)).join(Transaction).where(*mine, Transaction.at < from_))
    rows = db.execute(
        select(Entry, Transaction)
        .join(Transaction)
        .where(*mine, Transaction.at >= from_, Transaction.at < until)
        .order_by(Transaction.at, Transaction.id)
    )
    lines = tuple(
        EntryLine(t.id, t.at, t.kind, t.purpose, t.key, Money(entry.amount_minor, entry.currency)) for entry, t in rows
    )
    return AccountMonth(Money(int(before or 0), currency), lines)


def booked(db: Session, keys: Sequence[str], account: str) -> dict[str, Money]:
    """What the transactions of these keys moved on one account; a key that was never booked is not in it. One statement."""
    rows = db.execute(
        select(Transaction.key, Entry.currency, func.sum(Entry.amount_minor))
        .join(Transaction).where(Transaction.key == any_of(keys), Entry.account == account)
        .group_by(Transaction.key, Entry.currency)
    )  # fmt: skip
    return {key: Money(int(minor), currency) for key, currency, minor in rows}


def released_since(db: Session, consultant_id: str, since: datetime, currency: str = "CNY") -> Money:
    total = db.scalar(
        select(func.sum(Entry.amount_minor))
        .join(Transaction)
        .where(
            Entry.account == consultant_account(consultant_id), Entry.currency == currency,
            Transaction.kind.in_(EARNED), Transaction.at >= since,
        )
    )  # fmt: skip
    return Money(int(total or 0), currency)


def captured_between(
    db: Session, from_: datetime, until: datetime, *, zone: str = "UTC", currency: str = "CNY"
) -> list[tuple[str, int]]:
    """What was paid per day of `zone`, as ("2026-11-24", minor units). A second charge for the same thing, which goes
    back by itself, is no part of it."""
    day = func.to_char(func.timezone(zone, Transaction.at), "YYYY-MM-DD")
    rows = db.execute(
        select(day, func.sum(Entry.amount_minor))
        .join(Transaction)
        .where(
            Transaction.kind == "capture", Entry.account.like(f"{ESCROW}%"), Entry.currency == currency,
            Transaction.at >= from_, Transaction.at < until,
        )
        .group_by(day)
        .order_by(day)
    )  # fmt: skip
    return [(on, int(total)) for on, total in rows]


def verify(db: Session) -> Verification:
    """Check the whole books. An empty `problems` means they hold."""
    problems = [
        *_named(db, "transaction {} does not balance", "SELECT transaction_id FROM ledger_entries GROUP BY transaction_id, "
                "currency HAVING sum(amount_minor) <> 0"),
        *_named(db, "transaction {} has fewer than two entries", "SELECT t.id FROM ledger_transactions t LEFT JOIN "
                "ledger_entries e ON e.transaction_id = t.id GROUP BY t.id HAVING count(e.number) < 2"),
        *_named(db, "account {} differs from its entries", "SELECT coalesce(a.account, e.account) FROM ledger_accounts a FULL "
                "JOIN (SELECT account, currency, sum(amount_minor) AS total FROM ledger_entries GROUP BY 1, 2) e USING "
                "(account, currency) WHERE a.balance_minor IS DISTINCT FROM e.total"),
        *_named(db, "account {} is negative", "SELECT account FROM ledger_accounts WHERE balance_minor < 0 AND "
                "(account LIKE 'escrow:%' OR account LIKE 'refunds:%' OR account LIKE 'credits:%' OR account LIKE 'points:%')"),
        *_named(db, "provider event {} is booked twice", "SELECT key FROM ledger_transactions GROUP BY key HAVING count(*) > 1"),
        *_named(db, "the books of {} do not sum to zero", "SELECT currency FROM ledger_accounts GROUP BY currency HAVING "
                "sum(balance_minor) <> 0"),
    ]  # fmt: skip
    counts = db.execute(
        select(
            select(func.count()).select_from(Transaction).scalar_subquery(),
            select(func.count()).select_from(Entry).scalar_subquery(),
            select(func.count()).select_from(Account).scalar_subquery(),
        )
    ).one()
    kind = func.split_part(Account.account, ":", 1)
    sums: dict[str, dict[str, int]] = {}
    for currency, name, total in db.execute(
        select(Account.currency, kind, func.sum(Account.balance_minor)).group_by(Account.currency, kind).order_by(kind)
    ):
        sums.setdefault(currency, {})[name] = int(total)
    return Verification(tuple(problems), *counts, sums)


def _named(db: Session, sentence: str, query: str) -> list[str]:
    return [sentence.format(name) for name in db.scalars(text(query))]


def open_matters(db: Session, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet."""
    balances = db.scalars(select(Account.balance_minor).where(Account.account == consultant_account(person_id))).all()
    earned, owed = N_("Your earnings have not been paid out yet."), N_("You owe the house money from refunds.")
    sentences = ([earned] if any(one > 0 for one in balances) else []) + (
        [owed] if any(one < 0 for one in balances) else []
    )
    return [OpenMatter(sentence, "/pro/earnings") for sentence in sentences]
