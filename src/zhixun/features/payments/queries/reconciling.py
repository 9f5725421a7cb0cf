from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from zhixun.features.accounts.rules import check_right
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import Line, gateway_account
from zhixun.features.payments.models import Charge, DifferenceRow, Part, Payment, Reconciliation, Refund
from zhixun.features.payments.rules import (
    RECONCILED_DAYS,
    Difference,
    Differs,
    Kept,
    Record,
    Settlement,
    capture_key,
)
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Actor, Money

SHOWN = 30


@dataclass(frozen=True)
class ReconciliationView:
    """What comparing one day of one gateway found."""

    gateway: str
    day: date
    checked_at: datetime
    charges: int
    refunds: int
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        return not self.differences


def kept_between(
    db: Session, gateway: str, *, from_: datetime, until: datetime, named: Sequence[Record] = ()
) -> list[Kept]:
    """Charges and refunds we have of [from_, until), and those that the provider's records name. Five statements."""
    charges = [one.reference for one in named if one.subject == "charge"]
    refunds = [one.our_id for one in named if one.subject == "refund"]
    return [
        *_charges(db, gateway, or_(and_(Charge.at >= from_, Charge.at < until), Charge.provider_ref == any_of(charges))),
        *_refunds(
            db, gateway,
            or_(and_(Refund.completed_at >= from_, Refund.completed_at < until), Refund.id == any_of(refunds)),
        ),
    ]  # fmt: skip


def kept_of(db: Session, gateway: str, *, payment_ids: Sequence[str], refund_ids: Sequence[str]) -> list[Kept]:
    """The charges of these payments, and these refunds. Up to four statements."""
    return [
        *(_charges(db, gateway, Charge.payment_id == any_of(payment_ids)) if payment_ids else ()),
        *(_refunds(db, gateway, Refund.id == any_of(refund_ids)) if refund_ids else ()),
    ]


def reconciliations(db: Session, actor: Actor, *, limit: int = SHOWN) -> list[ReconciliationView]:
    """The newest days first, each with what differs. Two statements. Raises RightNeeded."""
    check_right(actor, "pay_out")
    rows = list(
        db.scalars(select(Reconciliation).order_by(Reconciliation.day.desc(), Reconciliation.gateway).limit(limit))
    )
    found: dict[tuple[str, date], list[Difference]] = {}
    days = select(DifferenceRow).where(DifferenceRow.day.in_({row.day for row in rows}))
    for row in db.scalars(days.order_by(DifferenceRow.day, DifferenceRow.number)):
        found.setdefault((row.gateway, row.day), []).append(_difference(row))
    return [
        ReconciliationView(
            row.gateway, row.day, row.checked_at, row.charges, row.refunds, tuple(found.get((row.gateway, row.day), ()))
        )
        for row in rows
    ]


def not_reconciled(db: Session, gateway: str, today: date) -> list[date]:
    """Which of the last days nobody has compared since they were over, the oldest first."""
    days = [today - timedelta(days=back) for back in range(RECONCILED_DAYS, 0, -1)]
    checked = select(Reconciliation.day).where(
        Reconciliation.gateway == gateway, Reconciliation.day.in_(days),
        func.timezone("UTC", Reconciliation.checked_at) >= Reconciliation.day + 1,
    )  # fmt: skip
    known = set(db.scalars(checked))
    return [day for day in days if day not in known]


def open_differences(db: Session, now: datetime) -> dict[str, int]:
    """Gateway → how many differences stand in what was compared of the last SHOWN days. One statement."""
    counted = func.count(DifferenceRow.number)
    rows = db.execute(
        select(Reconciliation.gateway, counted)
        .outerjoin(
            DifferenceRow, and_(DifferenceRow.gateway == Reconciliation.gateway, DifferenceRow.day == Reconciliation.day)
        )
        .where(Reconciliation.day >= now.date() - timedelta(days=SHOWN))
        .group_by(Reconciliation.gateway).order_by(Reconciliation.gateway)
    )  # fmt: skip
    return dict(rows.all())


def _charges(db: Session, gateway: str, wanted: ColumnElement[bool]) -> list[Kept]:
    rows = list(db.execute(select(Charge, Payment.purpose).join(Payment).where(Charge.gateway == gateway, wanted)))
    counted = [row.payment_id for row, _ in rows if row.settlement == Settlement.CAPTURED]
    parts = _parts(db, counted)
    of = {row.id: parts.get(row.payment_id, []) if row.settlement == Settlement.CAPTURED else [] for row, _ in rows}
    keys = {
        row.id: [capture_key(gateway, row.provider_ref, one) for one in [part for part, _ in of[row.id]] or [""]]
        for row, _ in rows
    }
    booked = ledger.booked(db, [key for each in keys.values() for key in each], gateway_account(gateway))
    return [
        Kept(
            "charge", row.provider_ref, row.payment_id, purpose, Money(row.amount_minor, row.currency), row.at,
            _sum([-booked[key] for key in keys[row.id] if key in booked]),
            parts=tuple((part, Money(minor, row.currency)) for part, minor in of[row.id]),
        )
        for row, purpose in rows
    ]  # fmt: skip


def _parts(db: Session, payment_ids: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Payment id → what it pays of several purposes; those that pay one thing are not in it."""
    found: dict[str, list[tuple[str, int]]] = {}
    wanted = select(Part).where(Part.payment_id == any_of(payment_ids), Part.amount_minor > 0).order_by(Part.purpose)
    for row in db.scalars(wanted):
        found.setdefault(row.payment_id, []).append((row.purpose, row.amount_minor))
    return found


def _sum(amounts: Sequence[Money]) -> Money | None:
    return sum(amounts[1:], amounts[0]) if amounts else None


def _refunds(db: Session, gateway: str, wanted: ColumnElement[bool]) -> list[Kept]:
    rows = list(db.scalars(select(Refund).join(Charge).where(Charge.gateway == gateway, wanted)))
    booked = ledger.booked(db, [f"refunded:{row.id}" for row in rows], gateway_account(gateway))
    return [
        Kept(
            "refund", row.provider_ref or "", row.id, row.purpose, Money(row.amount_minor, row.currency),
            row.completed_at or row.requested_at, booked.get(f"refunded:{row.id}"), done=row.completed_at is not None,
        )
        for row in rows
    ]  # fmt: skip


def _difference(row: DifferenceRow) -> Difference:
    return Difference(
        Differs(row.kind), row.subject, row.reference, row.our_id,  # type: ignore[arg-type]  # the words are ours
        Money(row.theirs_minor, row.theirs_currency or "") if row.theirs_minor is not None else None,
        Money(row.ours_minor, row.ours_currency or "") if row.ours_minor is not None else None,
        tuple(Line(one["account"], Money(one["amount_minor"], one["currency"])) for one in row.proposed),
    )  # fmt: skip
