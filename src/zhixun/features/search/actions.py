"""Writing out when everyone is free, so that thousands can be looked through at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceTiming
from zhixun.features.scheduling import actions as scheduling_actions
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling import rules as engine
from zhixun.features.scheduling.rules import Busy, Calendar, Run
from zhixun.kernel.tables import any_of
from zhixun.kernel.unit_of_work import UnitOfWork

from . import rules
from .models import FreeRun, FreeService
from .queries.free import written_starts
from .queries.times import AROUND, terms_for

GOOD_FOR = timedelta(days=3)
"""What is written out reaches so much further than anyone may look today."""
DAY_SECONDS = 86_400
FORGET_RUNS = text(
    "DELETE FROM search_free_runs r USING unnest(CAST(:services AS int[]), CAST(:firsts AS bigint[])) AS old (service, first) "
    "WHERE r.service = old.service AND r.first = old.first"
)
ADD_RUNS = text(
    "INSERT INTO search_free_runs (service, first, last, step_seconds, free_at) SELECT * FROM unnest(CAST(:services AS int[]), "
    "CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]), CAST(:steps AS int[]), CAST(:free AS timestamptz[]))"
)
"""Arrays, because a calendar has hundreds of rows: one statement, whatever their number."""


def write_free_times(uow: UnitOfWork, *, consultant_ids: Sequence[str]) -> int:
    """Bring what is written of these consultants' free times up to date; returns of how many it was.

    Their calendars are locked, so nothing that is offered changes meanwhile; one that is being changed at this moment is
    left for the next time. Only rows that differ are written.
    """
    mine = scheduling_actions.keep_still(uow, consultant_ids=consultant_ids)
    if not mine:
        return 0
    until = uow.now + GOOD_FOR
    timings, calendars = catalog.timings_of(uow.db, mine), scheduling.calendars_of(uow.db, mine)
    busy = scheduling.busy_of(
        uow.db, mine, uow.now, until + rules.FREE_AHEAD_MAX, uow.now, around=AROUND
    )  # fmt: skip
    numbers = _write_services(uow, mine, timings, calendars)
    wanted = {
        (numbers[service.id], run.first): run
        for one in mine
        for service in timings.get(one, ())
        for run in _runs(service, calendars[one], busy.get(one, ()), uow.now, until)
    }
    _write_runs(uow, list(numbers.values()), wanted)
    scheduling_actions.note_written(uow, consultant_ids=mine, until=until)
    return len(mine)


def check_free_times(uow: UnitOfWork, *, consultant_ids: Sequence[str]) -> list[str]:
    """Write these consultants' free times anew and return those of whom something wrong was said before, though nothing
    had told so: that list ought to be empty."""
    still = scheduling_actions.keep_still(uow, consultant_ids=consultant_ids)
    relied_on = set(still) - set(scheduling.changed_since_written(uow.db, uow.now))
    before = written_starts(uow.db, still, uow.now)
    write_free_times(uow, consultant_ids=still)
    after = written_starts(uow.db, still, uow.now)
    return sorted(one for one in relied_on if before.get(one) != after.get(one))


def _runs(
    service: ServiceTiming, calendar: Calendar, busy: Sequence[Busy], now: datetime, until: datetime
) -> list[Run]:
    """From today on, as far as anyone may look and book until `until`."""
    horizon = engine.horizon_end(calendar.zone, service.horizon_days, until)
    high = min(horizon, int((until + rules.FREE_AHEAD_MAX).timestamp()))
    return engine.free_runs(
        calendar, terms_for(service), busy, low=int(now.timestamp()) // DAY_SECONDS * DAY_SECONDS, high=high
    )


def _write_services(
    uow: UnitOfWork,
    ids: Sequence[str],
    timings: Mapping[str, Sequence[ServiceTiming]],
    calendars: Mapping[str, Calendar],
) -> dict[str, int]:
    """Service id → its number here."""
    rows = {
        row.service_id: row
        for row in uow.db.scalars(select(FreeService).where(FreeService.consultant_id == any_of(ids)))
    }
    wanted = {
        service.id: {
            "consultant_id": one, "channel": service.channel, "price_minor": service.price_minor,
            "notice_minutes": service.notice_minutes, "horizon_days": service.horizon_days, "zone": calendars[one].zone,
        }
        for one in ids
        for service in timings.get(one, ())
    }  # fmt: skip
    gone = [row.id for name, row in rows.items() if name not in wanted]
    if gone:
        uow.db.execute(delete(FreeService).where(FreeService.id.in_(gone)))
    for name, row in rows.items():
        for column, value in wanted.get(name, {}).items():
            setattr(row, column, value)
    new = [FreeService(service_id=name, **values) for name, values in wanted.items() if name not in rows]
    uow.db.add_all(new)
    uow.db.flush()
    return {row.service_id: row.id for row in (*rows.values(), *new) if row.service_id in wanted}


def _write_runs(uow: UnitOfWork, numbers: Collection[int], wanted: Mapping[tuple[int, int], Run]) -> None:
    kept = select(FreeRun.service, FreeRun.first, FreeRun.last, FreeRun.step_seconds, FreeRun.free_at)
    stored = {(row[0], row[1]): Run(*row[1:]) for row in uow.db.execute(kept.where(FreeRun.service.in_(numbers)))}
    gone = [key for key, run in stored.items() if wanted.get(key) != run]
    if gone:
        uow.db.execute(FORGET_RUNS, {"services": [key[0] for key in gone], "firsts": [key[1] for key in gone]})
    new = [(number, *run) for (number, first), run in wanted.items() if stored.get((number, first)) != run]
    if new:
        columns = [list(column) for column in zip(*new, strict=True)]
        uow.db.execute(ADD_RUNS, dict(zip(("services", "firsts", "lasts", "steps", "free"), columns, strict=True)))
