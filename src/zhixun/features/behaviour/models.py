from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table


class Pseudonym(Table):
    """Under which name of nobody a person's interactions are kept. Without this row they are anybody's."""

    __tablename__ = "behaviour_pseudonyms"
    personal_data = "erase"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
