from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.queries import AccountMonth
from zhixun.features.ledger.rules import consultant_account
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Money

from . import rules
from .models import Payout, Run
from .rules import RunState


@dataclass(frozen=True)
class RunView:
    id: str
    state: RunState
    total: Money
    count: int
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str

    @property
    def lapses_at(self) -> datetime:
        return self.proposed_at + rules.DECIDE_WITHIN


@dataclass(frozen=True)
class PayoutLine:
    consultant_id: str
    amount: Money


def runs(db: Session, *, limit: int = 30) -> list[RunView]:
    """The newest runs first. One statement."""
    count = select(func.count()).where(Payout.run_id == Run.id).scalar_subquery()
    rows = db.execute(select(Run, count).order_by(Run.proposed_at.desc(), Run.id.desc()).limit(limit))
    return [_view(row, counted) for row, counted in rows]


def run(db: Session, run_id: str) -> RunView:
    """Raises NotFound."""
    row = db.get(Run, run_id)
    if row is None:
        raise NotFound
    return _view(row, db.scalar(select(func.count()).where(Payout.run_id == run_id)) or 0)


def waiting_run(db: Session) -> RunView | None:
    """The run that waits for its decision; there is one at most. One statement."""
    count = select(func.count()).where(Payout.run_id == Run.id).scalar_subquery()
    found = db.execute(select(Run, count).where(Run.state == RunState.PROPOSED)).first()
    return _view(found[0], found[1]) if found else None


def last_payout(db: Session, consultant_id: str) -> tuple[Money, datetime] | None:
    """What was paid out to a consultant last, and when. One statement."""
    found = db.execute(
        select(Payout.amount_minor, Run.currency, Run.decided_at).join(Run)
        .where(Payout.consultant_id == consultant_id, Run.state == RunState.APPROVED)
        .order_by(Run.decided_at.desc()).limit(1)
    ).first()  # fmt: skip
    return (Money(found.amount_minor, found.currency), found.decided_at) if found else None


def payouts_of(db: Session, run_id: str) -> list[PayoutLine]:
    """A run's payouts, the largest first."""
    rows = db.execute(
        select(Payout, Run.currency).join(Run).where(Payout.run_id == run_id)
        .order_by(Payout.amount_minor.desc(), Payout.consultant_id)
    )  # fmt: skip
    return [PayoutLine(row.consultant_id, Money(row.amount_minor, currency)) for row, currency in rows]


def due_to_lapse(db: Session, now: datetime) -> list[str]:
    old = (Run.state == RunState.PROPOSED, Run.proposed_at <= now - rules.DECIDE_WITHIN)
    return list(db.scalars(select(Run.id).where(*old).order_by(Run.id)))


def statement_of(db: Session, consultant_id: str, month: str, zone: str) -> AccountMonth:
    """A consultant's month: what they had, each movement, what they have. Raises Invalid for what is no month."""
    from_, until = rules.month_bounds(month, zone)
    return ledger.month_of(db, consultant_account(consultant_id), from_, until)


def months_of(db: Session, consultant_id: str, zone: str) -> Sequence[str]:
    """The months in which something moved, the newest first."""
    lines = ledger.entries(db, consultant_account(consultant_id), limit=2_000)
    info = ZoneInfo(zone)
    return sorted({f"{line.at.astimezone(info):%Y-%m}" for line in lines}, reverse=True)


def _view(row: Run, count: int) -> RunView:
    return RunView(
        row.id, RunState(row.state), Money(row.total_minor, row.currency), count, row.proposed_by, row.proposed_at,
        row.decided_by, row.decided_at, row.reason,
    )  # fmt: skip
