"""Free times written out by whoever looks through many: kept still meanwhile, and noted to be so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from zhixun.features.scheduling.models import CalendarRow
from zhixun.kernel.tables import any_of
from zhixun.kernel.unit_of_work import UnitOfWork


def keep_still(uow: UnitOfWork, *, consultant_ids: Sequence[str]) -> list[str]:
    """Let nothing change in these calendars until the transaction ends. One that somebody is changing at this moment is
    left out of the answer."""
    kept = select(CalendarRow.consultant_id).where(CalendarRow.consultant_id == any_of(consultant_ids))
    return list(uow.db.scalars(kept.order_by(CalendarRow.consultant_id).with_for_update(skip_locked=True)))


def note_written(uow: UnitOfWork, *, consultant_ids: Sequence[str], until: datetime) -> None:
    """The free times of these calendars, kept still before, are written out as they are now, far enough until `until`."""
    uow.db.execute(
        update(CalendarRow)
        .where(CalendarRow.consultant_id == any_of(consultant_ids))
        .values(written_version=CalendarRow.times_version, written_until=until)
        .execution_options(synchronize_session=False)
    )
