"""How fast "free this evening" is answered for 10,000 consultants, from what the slot engine has written out.

Run: python -m bench.free [--consultants 10000] [--rounds 60] [--draw docs/pictures/free.svg]

Each line: the median and the 95th percentile in milliseconds, and its ratio to a bare range scan of the same rows in the same
run (plain SQL that knows no notice, horizon, hold or step, and is wrong for it). "the engine, each" asks the slot engine for every
consultant, measured with some and scaled up. The yardstick is a plain loop, to compare machines. Viewers sit in six
zones; bookings of a moment ago are among them. Limit: p95 of 50 ms; ends with 1 over it, or where the engine disagrees.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete, text

from bench.drawing import Curve, drawn
from bench.find import NOW, fill
from tests import postgres
from tests.conftest import TEMPLATE, _make_template
from zhixun.adapters.search_index.tantivy import TantivyIndex
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling import actions as scheduling_actions
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.search import actions
from zhixun.features.search import queries as search
from zhixun.features.search.models import FreeService
from zhixun.features.search.ports import SearchIndex
from zhixun.features.search.queries import Asking, FreeLook
from zhixun.features.search.rules import Wanted
from zhixun.kernel import database
from zhixun.kernel.services import provide
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

LIMIT_MS = 50.0
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "Europe/London")
SAMPLED, AT_ONCE, CHANGED = 200, 100, 20
SCAN = text(
    "SELECT DISTINCT s.consultant_id FROM search_free_runs r JOIN search_free_services s ON s.id = r.service "
    "WHERE r.first >= :low AND r.first < :high AND r.last >= :low"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--consultants", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--draw", type=Path)
    given = parser.parse_args()
    with postgres.cluster() as server, tempfile.TemporaryDirectory() as folder:
        _make_template(server)
        engine = database.connect(postgres.create(server, "bench_free", TEMPLATE))
        index = TantivyIndex(Path(folder))
        provide(SearchIndex, index)
        ids = _house(given.consultants, index)
        late = _measure(ids, given.rounds)
        if given.draw:
            given.draw.write_text(drawn(_curves(ids, given.rounds), unit="ms"), encoding="utf-8")
        engine.dispose()
    return 1 if late > LIMIT_MS else 0


def _house(count: int, index: TantivyIndex) -> list[str]:
    fill(count)
    with Session() as db:
        ids, documents = scheduling.calendar_ids(db), search.documents(db)
    index.rebuild(documents)
    began = time.perf_counter()
    for start in range(0, count, AT_ONCE):
        with unit_of_work(now=NOW) as uow:
            actions.write_free_times(uow, consultant_ids=ids[start : start + AT_ONCE])
    took = time.perf_counter() - began
    _vacuum()
    with Session() as db:
        rows, size = db.execute(
            text("SELECT count(*), pg_size_pretty(pg_total_relation_size('search_free_runs')) FROM search_free_runs")
        ).one()
    print(f"{count} consultants written out in {took:.0f} s ({took / count * 1000:.1f} ms each): {rows} rows, {size}")
    return ids


def _measure(ids: Sequence[str], rounds: int) -> float:
    draw = random.Random(5)

    def looked_up() -> object:
        with Session() as db:
            return FreeLook(db, _evening(draw), now=NOW).first()

    def scanned() -> object:
        evening = _evening(draw)
        with Session() as db:
            return db.scalars(
                SCAN, {"low": int(evening.from_.timestamp()), "high": int(evening.until.timestamp())}
            ).all()

    def page() -> object:
        evening = _evening(draw)
        with Session() as db:
            return search.find_consultants(db, Wanted(free_from=evening.from_, free_until=evening.until), now=NOW)

    def cards() -> object:
        with Session() as db:
            return search.consultants_of(db, draw.sample(ids, 12), now=NOW)

    scan = _times(scanned, rounds)
    bare = statistics.median(scan)
    _line("bare range scan", scan, bare)
    took = _times(looked_up, rounds)
    late = _line("free this evening", took, bare)
    print(f"  limit {LIMIT_MS:.0f} ms: p95 is {late / LIMIT_MS:.2f} of it")
    _line("12 cards, next times", _times(cards, rounds), bare)
    _line("whole page of the list", _times(page, rounds), bare)
    _change(ids)
    _line(f"{CHANGED} changed just now", _times(looked_up, rounds), bare)
    each = [
        one * len(ids) / SAMPLED for one in _times(lambda: _by_engine(draw.sample(ids, SAMPLED), _evening(draw)), 10)
    ]
    _line("the engine, each", each, bare)
    _line("yardstick: plain loop", _times(lambda: sum(range(1_000_000)), 10), bare)
    _agrees(draw.sample(ids, SAMPLED), draw)
    return late


def _evening(draw: random.Random) -> Asking:
    """From 18:00 to 22:00 on the viewer's clock, today or tomorrow."""
    day = NOW.astimezone(ZoneInfo(draw.choice(ZONES))).replace(hour=18, minute=0, second=0, microsecond=0)
    day += timedelta(days=1) if day + timedelta(hours=4) <= NOW else timedelta()
    return Asking(max(day, NOW), day + timedelta(hours=4))


def _by_engine(ids: Sequence[str], evening: Asking) -> dict[str, datetime]:
    with Session() as db:
        times = search.free_times(
            db, catalog.timings_of(db, ids), ids, now=NOW, from_=evening.from_, until=evening.until
        )  # fmt: skip
        found = {one: times.soonest(one, evening.from_, evening.until) for one in ids}
    return {one: there[1].start for one, there in found.items() if there is not None}


def _agrees(ids: Sequence[str], draw: random.Random) -> None:
    for _ in range(6):
        evening = _evening(draw)
        with Session() as db:
            found = FreeLook(db, evening, now=NOW).first()
        assert {one: start for one, start in found.items() if one in ids} == _by_engine(ids, evening)


def _change(ids: Sequence[str]) -> None:
    for one in ids[:CHANGED]:
        with unit_of_work(now=NOW) as uow:
            scheduling_actions.set_override(uow, consultant_id=one, day=NOW.date(), openings=[("18:00", "23:00")])


def _curves(ids: Sequence[str], rounds: int) -> list[Curve]:
    draw, points = random.Random(5), list[tuple[float, float]]()
    for count in (len(ids), *(len(ids) * part // 100 for part in (75, 50, 25, 10))):
        with Session.begin() as db:
            db.execute(delete(FreeService).where(FreeService.consultant_id.not_in(ids[:count])))
        _vacuum()

        def looked_up() -> object:
            with Session() as db:
                return FreeLook(db, _evening(draw), now=NOW).first()

        took = sorted(_times(looked_up, rounds))
        points.append((count, took[int(len(took) * 0.95) - 1]))
        print(f"  {count} consultants: p95 {points[-1][1]:.1f} ms")
    return [Curve("free this evening (p95)", sorted(points), limit=LIMIT_MS)]


def _vacuum() -> None:
    with Session() as db:
        connection = db.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        connection.execute(text("VACUUM ANALYZE"))


def _times(work: Callable[[], object], rounds: int) -> list[float]:
    work()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return took


def _line(name: str, took: list[float], bare: float) -> float:
    late = sorted(took)[max(0, int(len(took) * 0.95) - 1)]
    median = statistics.median(took)
    print(f"  {name:<24} p50 {median:8.2f} ms   p95 {late:8.2f} ms   {median / bare:7.1f} x the scan")
    return late


if __name__ == "__main__":
    raise SystemExit(main())
