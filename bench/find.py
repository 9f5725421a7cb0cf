"""How fast people are found: find_consultants and match at 300 and 10,000 consultants, beside a bare tantivy query.

Run: python -m bench.find [--consultants 300 10000] [--rounds 60]

Each line: the median and the 95th percentile in milliseconds, the median of our own
processor time (without the database's, and without waiting for a busy machine), the statements sent to the database, and the ratio of the
median to that of a bare tantivy query of the same words in the same index in the same run. The database is a throw-away
PostgreSQL with synthetic rows; times, feedback and bookings are drawn from a fixed seed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, event, insert
from sqlalchemy.orm import Session as SqlSession

from tests import postgres
from tests.conftest import TEMPLATE, _make_template
from zhixun.adapters.search_index.tantivy import TantivyIndex
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.catalog.models import Consultant, Credential, Service
from zhixun.features.quality.models import Feedback
from zhixun.features.recommend import queries as recommend
from zhixun.features.scheduling.models import CalendarRow, TakenTime
from zhixun.features.search import queries as search
from zhixun.features.search import rules
from zhixun.features.search.ports import SearchIndex
from zhixun.features.search.rules import Wanted
from zhixun.kernel import database
from zhixun.kernel.sealed import NOTHING
from zhixun.kernel.services import provide
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Words

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
QUESTIONS = (
    "公司通知裁员，只给 N，要求周五前签字。我在上海，怀孕 5 个月，该不该签？",
    "孩子初二成绩突然下滑，物理跟不上，怎么办",
    "体检报告说甲状腺结节，需要手术吗",
    "35 岁想转行做产品经理，简历怎么改",
    "My landlord in Shanghai will not return the deposit",
    "I have a job interview next week and want to negotiate the salary",
)
CITIES = (Words("上海", "Shanghai"), Words("北京", "Beijing"), Words("杭州", "Hangzhou"), Words("成都", "Chengdu"))
HOURS = (
    [{"days": ["MO", "TU", "WE", "TH", "FR"], "start": "09:00", "end": "12:00"},
     {"days": ["MO", "WE", "FR"], "start": "14:00", "end": "18:00"}],
    [{"days": ["MO", "TU", "WE", "TH", "FR", "SA"], "start": "18:30", "end": "22:00"}],
    [{"days": ["SA", "SU"], "start": "09:00", "end": "18:00"}, {"days": ["TU", "TH"], "start": "19:00", "end": "21:30"}],
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--consultants", type=int, nargs="+", default=[300, 10_000])
    parser.add_argument("--rounds", type=int, default=60)
    given = parser.parse_args()
    with postgres.cluster() as server:
        _make_template(server)
        for count in given.consultants:
            url = postgres.create(server, f"bench_{count}", TEMPLATE)
            engine = database.connect(url)
            statements = _counting(engine)
            with tempfile.TemporaryDirectory() as folder:
                index = TantivyIndex(Path(folder))
                provide(SearchIndex, index)
                fill(count)
                began = time.perf_counter()
                with Session() as db:
                    index.rebuild(search.documents(db))
                print(f"\n{count} consultants, indexed in {time.perf_counter() - began:.1f} s")
                _measure_all(index, given.rounds, statements)
            engine.dispose()


def _measure_all(index: TantivyIndex, rounds: int, statements: list[int]) -> None:
    def asking(ask: Callable[[SqlSession, str], object]) -> Callable[[str], None]:
        def run(question: str) -> None:
            with Session() as db:
                ask(db, question)

        return run

    evening = (NOW.replace(hour=10), NOW.replace(hour=16))
    cases: dict[str, Callable[[str], object]] = {
        "bare tantivy query": lambda q: index.find(rules.words(q), limit=20),
        "find: words": asking(lambda db, q: search.find_consultants(db, Wanted(text=q), now=NOW)),
        "find: everyone": asking(lambda db, q: search.find_consultants(db, Wanted(), now=NOW)),
        "find: facets": asking(
            lambda db, q: search.find_consultants(
                db, Wanted(field="legal", channel="video", price_max_minor=50_000), now=NOW
            )
        ),
        "find: free this evening": asking(
            lambda db, q: search.find_consultants(db, Wanted(free_from=evening[0], free_until=evening[1]), now=NOW)
        ),
        "find: soonest": asking(lambda db, q: search.find_consultants(db, Wanted(sort="soonest"), now=NOW)),
        "match": asking(lambda db, q: recommend.match(db, question=q, zone="Asia/Shanghai", language="zh", now=NOW)),
    }
    bare = 0.0
    for name, run in cases.items():
        for question in QUESTIONS:
            run(question)
        took, busy = list[float](), list[float]()
        before = statements[0]
        for number in range(rounds):
            began, busy_from = time.perf_counter(), time.process_time()
            run(QUESTIONS[number % len(QUESTIONS)])
            took.append((time.perf_counter() - began) * 1000)
            busy.append((time.process_time() - busy_from) * 1000)
        took.sort()
        median, late = statistics.median(took), took[int(len(took) * 0.95) - 1]
        bare = bare or median
        sent = (statements[0] - before) / rounds
        print(
            f"  {name:<24} p50 {median:7.2f} ms   p95 {late:7.2f} ms   cpu {statistics.median(busy):6.2f} ms   {sent:4.1f} statements   {median / bare:6.1f} x bare"
        )


def fill(count: int, *, seed: int = 7) -> None:
    """`count` listed consultants with services, hours, feedback and taken times, from a fixed seed."""
    draw = random.Random(seed)
    with unit_of_work(now=NOW) as uow:
        catalog.put_house_fields(uow)
    with Session.begin() as db:
        topics = {field.id: field.topics for field in catalog_queries.fields(db)}
        ids = [f"{number:032x}" for number in range(1, count + 1)]
        db.execute(insert(Consultant), [_consultant(one, draw, topics) for one in ids])
        services = [row for one in ids for row in _services(one, draw)]
        db.execute(insert(Service), services)
        db.execute(insert(CalendarRow), [_calendar(one, draw) for one in ids])
        db.execute(insert(Credential), [_credential(one) for one in ids])
        db.execute(insert(Feedback), [row for one in ids for row in _feedback(one, draw)])
    with Session.begin() as db:
        numbers = dict(db.query(CalendarRow.consultant_id, CalendarRow.consultant_no))
        taken = [row for one in ids for row in _taken(one, numbers[one], draw)]
        db.execute(insert(TakenTime), taken)


def _consultant(one: str, draw: random.Random, topics: dict) -> dict[str, object]:
    field = draw.choice(sorted(topics))
    chosen = draw.sample(topics[field], 3)
    names = Words("、".join(topic.name.zh for topic in chosen), ", ".join(topic.name.en for topic in chosen))
    extra = " ".join(draw.choice(topic.synonyms) for topic in topics[field])
    return {
        "id": one, "slug": f"c-{int(one, 16)}", "name": Words(f"顾问{int(one, 16)}", f"Consultant {int(one, 16)}"),
        "title": Words(chosen[0].name.zh, chosen[0].name.en), "line": names,
        "about": Words(f"多年来处理{names.zh}。{extra}", f"For years: {names.en}. {extra}"),
        "city": draw.choice(CITIES), "field_id": field, "topic_ids": [topic.id for topic in chosen],
        "languages": draw.choice((["zh"], ["zh", "en"])), "years": draw.randint(1, 25),
        "seniority": draw.choice(("junior", "senior", "principal")), "gender": draw.choice(("female", "male")),
        "portrait": f"f-{one[-5:]}", "good_for": [topic.name.as_dict() for topic in chosen], "not_for": [],
        "commission_bps": 1_200, "listed": True, "listed_at": NOW,
    }  # fmt: skip


def _services(one: str, draw: random.Random) -> list[dict[str, object]]:
    price = draw.randrange(100, 900) * 100
    kinds = draw.sample((("video", 60), ("voice", 30), ("text", 45)), draw.randint(1, 3))
    return [
        {
            "id": f"{place}{one[1:]}", "consultant_id": one, "position": place, "channel": channel, "minutes": minutes,
            "price_minor": price * minutes // 60, "currency": "CNY", "title": Words("一次咨询", "One session"), "note": Words(),
            "included": [], "buffer_before_minutes": 0, "buffer_after_minutes": 10, "interval_minutes": 30,
            "notice_minutes": 60, "horizon_days": 30, "active": True,
        }
        for place, (channel, minutes) in enumerate(kinds, 1)
    ]  # fmt: skip


def _calendar(one: str, draw: random.Random) -> dict[str, object]:
    return {"consultant_id": one, "zone": "Asia/Shanghai", "hours": draw.choice(HOURS)}


def _credential(one: str) -> dict[str, object]:
    return {
        "id": one, "consultant_id": one, "name": Words("执业证", "Licence"), "how": Words("公示平台比对", "Public register"),
        "number": one[-6:], "checked_on": date(2026, 9, 2), "expires_on": None,
    }  # fmt: skip


def _feedback(one: str, draw: random.Random) -> list[dict[str, object]]:
    return [
        {
            "id": f"{number:02x}{one[2:]}", "booking_id": f"{number:02x}{one[2:]}", "client_id": "c", "consultant_id": one,
            **{name: draw.choice((3, 4, 5, 5)) for name in ("accuracy", "clarity", "actionable", "boundaries", "punctual")},
            "nps": 9, "solved": draw.choice(("yes", "yes", "yes", "partly")), "words": "", "private_words": NOTHING, "public": True,
            "service_title": Words("一次咨询", "One session"), "at": NOW - timedelta(days=number),
        }
        for number in range(draw.choice((0, 3, 8, 15)))
    ]  # fmt: skip


def _taken(one: str, number: int, draw: random.Random) -> list[dict[str, object]]:
    found = []
    for day in range(7):
        start = (NOW + timedelta(days=day)).replace(hour=draw.choice((1, 2, 11, 12)), minute=0)
        low = int(start.timestamp())
        found.append({
            "hold_id": f"{day}{one[1:]}", "consultant_id": one, "consultant_no": number, "owner_id": "c", "state": "taken",
            "standing": True, "starts_at": start, "ends_at": start + timedelta(hours=1), "buffer_before_minutes": 0,
            "buffer_after_minutes": 10, "during": _range(low, low + 4_200), "expires_at": None,
        })  # fmt: skip
    return found


def _range(low: int, high: int) -> object:
    from sqlalchemy.dialects.postgresql import Range

    return Range(low, high)


def _counting(engine: Engine) -> list[int]:
    count = [0]

    @event.listens_for(engine, "after_cursor_execute")
    def _one_more(*_: object) -> None:
        count[0] += 1

    return count


if __name__ == "__main__":
    main()
