from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class PriceRuleRow(Table):
    """One line of a price table: of the house ("house") or of one consultant."""

    __tablename__ = "plans_price_rules"
    __table_args__ = (
        CheckConstraint("kind IN ('seniority', 'evening', 'weekend', 'urgent', 'floor', 'cap')"),
        CheckConstraint("factor_bps BETWEEN 5000 AND 20000"),
    )
    personal_data = "none"

    owner_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    factor_bps: Mapped[int]
