from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Run(Table):
    """Many payouts decided at once. Four eyes, in the database too: who proposed it is not who approved it."""

    __tablename__ = "payouts_runs"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'approved', 'rejected', 'lapsed')"),
        CheckConstraint("total_minor > 0"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)"),
        CheckConstraint("state <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)", name="payouts_runs_four_eyes"),
        Index("payouts_runs_one_open", "currency", unique=True, postgresql_where="state = 'proposed'"),
    )  # fmt: skip
    personal_data = "keep: the law asks for the books"

    id: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    state: Mapped[str]
    total_minor: Mapped[int] = mapped_column(BigInteger)
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str]


class Payout(Table):
    __tablename__ = "payouts_payouts"
    __table_args__ = (CheckConstraint("amount_minor > 0"), Index("payouts_payouts_consultant", "consultant_id"))
    personal_data = "keep: the law asks for the books"

    run_id: Mapped[str] = mapped_column(ForeignKey("payouts_runs.id"), primary_key=True)
    consultant_id: Mapped[str] = mapped_column(primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
