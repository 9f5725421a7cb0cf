from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from zhixun.features.accounts.rules import may
from zhixun.features.payments.models import Charge, Part, Payment, Refund
from zhixun.features.payments.rules import PaymentState, Settlement
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.personal import OpenMatter
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Actor, Money


@dataclass(frozen=True)
class PaymentView:
    id: str
    payer_id: str
    purpose: str
    amount: Money
    gateway: str
    state: PaymentState
    expires_at: datetime
    captured_at: datetime | None

    @property
    def captured(self) -> bool:
        return self.state is PaymentState.CAPTURED

    @property
    def path(self) -> str:
        """Where the payer goes, below the site's address."""
        return f"/pay/{self.id}"


@dataclass(frozen=True)
class RefundView:
    """One refund with what a gateway needs to make it."""

    id: str
    payment_id: str
    gateway: str
    charge_ref: str
    amount: Money
    completed: bool


def payment(db: Session, payment_id: str, actor: Actor) -> PaymentView:
    """One payment, for its payer and for operators who may see orders. Raises NotFound for everyone else."""
    row = db.get(Payment, payment_id)
    if row is None or not (row.payer_id == actor.user_id or may(actor, "see_orders")):
        raise NotFound
    return _view(row)


def payment_for(db: Session, purpose: str) -> PaymentView | None:
    """The latest payment asked for `purpose`; of one that pays for several, only the part that is for this.
    One statement."""
    with_part = select(Payment, Part.amount_minor).outerjoin(
        Part, and_(Part.payment_id == Payment.id, Part.purpose == purpose)
    )
    found = db.execute(with_part.where(pays_for(purpose)).order_by(Payment.created_at.desc()).limit(1)).first()
    if found is None:
        return None
    row, part = found
    view = _view(row)
    return view if part is None else replace(view, purpose=purpose, amount=Money(part, row.currency))


def pays_for(purpose: str) -> ColumnElement[bool]:
    """Whether a payment is for `purpose`, alone or in part."""
    return or_(Payment.purpose == purpose, Payment.id.in_(select(Part.payment_id).where(Part.purpose == purpose)))


def captured_total(db: Session, purpose: str, currency: str = "CNY") -> Money:
    """What has come in for `purpose` and counts for it."""
    total = db.scalar(
        select(func.sum(func.coalesce(Part.amount_minor, Charge.amount_minor)))
        .select_from(Charge)
        .join(Payment, Payment.id == Charge.payment_id)
        .outerjoin(Part, and_(Part.payment_id == Payment.id, Part.purpose == purpose))
        .where(pays_for(purpose), Charge.currency == currency, Charge.settlement == "captured")
    )
    return Money(int(total or 0), currency)


def refunded_total(db: Session, purpose: str, currency: str = "CNY") -> Money:
    """What is going or has gone back of what counts for `purpose`."""
    total = db.scalar(
        select(func.sum(Refund.amount_minor))
        .join(Charge, Charge.id == Refund.charge_id)
        .where(Refund.purpose == purpose, Refund.currency == currency, Charge.settlement == "captured")
    )
    return Money(int(total or 0), currency)


def refund(db: Session, refund_id: str) -> RefundView:
    row = db.get(Refund, refund_id)
    if row is None:
        raise NotFound
    charge = db.get_one(Charge, row.charge_id)
    return RefundView(
        row.id, row.payment_id, charge.gateway, charge.provider_ref,
        Money(row.amount_minor, row.currency), row.state == "completed",
    )  # fmt: skip


@dataclass(frozen=True)
class RefundLine:
    """One refund as its story: asked for at `requested_at`, sent back at `completed_at` (None: still on its way)."""

    id: str
    amount: Money
    reason: str
    requested_at: datetime
    completed_at: datetime | None
    note: str = ""
    asked_by: str = ""


@dataclass(frozen=True)
class HouseRefunds:
    now: Money
    before: Money
    waiting: int
    """Refunds asked for and not completed."""
    waiting_since: datetime | None


def refunds_for(db: Session, purpose: str) -> list[RefundLine]:
    rows = db.scalars(select(Refund).where(Refund.purpose == purpose).order_by(Refund.requested_at))
    return [
        RefundLine(
            row.id,
            Money(row.amount_minor, row.currency),
            row.reason,
            row.requested_at,
            row.completed_at,
            row.note,
            row.asked_by,
        )
        for row in rows
    ]


def refunded_purposes(db: Session, purposes: Sequence[str]) -> frozenset[str]:
    """Those of these purposes of which something is going or has gone back."""
    return frozenset(db.scalars(select(Refund.purpose).where(Refund.purpose == any_of(purposes)).distinct()))


def house_refunds(db: Session, *, since: datetime, before: datetime, currency: str = "CNY") -> HouseRefunds:
    """What went back of what was paid, from `since` on and from `before` to `since`, and what still waits: there the
    second charges count too, which were never asked for. One statement."""
    asked = Refund.reason.not_in((Settlement.PAID_TWICE, Settlement.WRONG_AMOUNT))
    waits = Refund.completed_at.is_(None)
    row = db.execute(
        select(
            func.sum(Refund.amount_minor).filter(asked, Refund.requested_at >= since),
            func.sum(Refund.amount_minor).filter(asked, Refund.requested_at >= before, Refund.requested_at < since),
            func.count().filter(waits),
            func.min(Refund.requested_at).filter(waits),
        ).where(Refund.currency == currency)
    ).one()
    return HouseRefunds(Money(int(row[0] or 0), currency), Money(int(row[1] or 0), currency), row[2], row[3])


def _view(row: Payment) -> PaymentView:
    return PaymentView(
        row.id, row.payer_id, row.purpose, Money(row.amount_minor, row.currency), row.gateway,
        PaymentState(row.state), row.expires_at, row.captured_at,
    )  # fmt: skip


def open_matters(db: Session, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet."""
    theirs = select(Payment.id).where(Payment.payer_id == person_id)
    under_way = select(Refund.id).where(Refund.payment_id.in_(theirs), Refund.state != "completed")
    return [OpenMatter(N_("A refund to you is still under way."), "/sessions")] if db.scalar(under_way.limit(1)) else []
