"""What all lists share: who touches one waits for it first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from zhixun.kernel.errors import N_, Conflict
from zhixun.kernel.unit_of_work import UnitOfWork


class WaitsTooOften(Conflict):
    code, message = "waits_too_often", N_("You are waiting in five lists already. Please leave one first.")


def alone_with(uow: UnitOfWork, consultant_id: str) -> None:
    list_of = func.hashtextextended(f"waitlist:{consultant_id}", 0)
    uow.db.execute(select(func.pg_advisory_xact_lock(list_of)))


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
