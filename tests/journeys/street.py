"""Two processes that answer people over one database, people who press at the same moment, and what must hold after it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx2
from sqlalchemy import text

from tests import make
from tests.house import House
from zhixun.features.accounts import actions as accounts
from zhixun.features.ledger import queries as ledger
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now
from zhixun.web.security import COOKIE

SECRET = "the same for both houses"
WAIT_SECONDS_MAX, ANSWER_SECONDS_MAX = 180, 120
FACTS_WAITING = "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'facts' AND status IN ('todo', 'doing')"
FACTS_FAILED = "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'failed'"
TAKEN_TWICE = """
SELECT a.hold_id, b.hold_id FROM scheduling_times a JOIN scheduling_times b
  ON a.consultant_no = b.consultant_no AND a.hold_id < b.hold_id AND a.during && b.during WHERE a.standing AND b.standing
"""
BOOKED_TWICE = """
SELECT a.id, b.id FROM booking_bookings a JOIN booking_bookings b
  ON a.consultant_id = b.consultant_id AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
  WHERE a.group_id IS NULL AND b.group_id IS NULL AND a.state IN ('confirmed', 'in_progress')
  AND b.state IN ('confirmed', 'in_progress')
"""
WITHOUT_ITS_TIME = """
SELECT id FROM booking_bookings b WHERE state IN ('confirmed', 'in_progress') AND group_id IS NULL AND NOT EXISTS (
  SELECT FROM scheduling_times t WHERE t.hold_id = b.id AND t.standing AND t.state = 'taken' AND t.starts_at = b.starts_at)
"""
SEATS_TOO_MANY = """
SELECT g.id FROM booking_groups g WHERE g.seats <
  (SELECT count(*) FROM booking_bookings b WHERE b.group_id = g.id AND b.state IN ('held', 'confirmed', 'in_progress'))
"""
NOT_SENT_BACK = "SELECT id FROM payments_refunds WHERE state <> 'completed'"
NEVER = (TAKEN_TWICE, BOOKED_TWICE, WITHOUT_ITS_TIME, SEATS_TOO_MANY, NOT_SENT_BACK, FACTS_FAILED)
"""What no race may leave behind."""


@dataclass(frozen=True)
class Person:
    """Someone with a program and a browser, who comes in at either door."""

    actor: Actor
    programs: Sequence[httpx2.Client]
    browsers: Sequence[httpx2.Client]

    def post(self, path: str, body: dict[str, Any] | None = None, *, door: int = 0) -> httpx2.Response:
        return self.programs[door % len(self.programs)].post(f"/api/v1{path}", json=body or {})

    def page(self, path: str, *, door: int = 0) -> httpx2.Response:
        return self.browsers[door % len(self.browsers)].get(path)

    def token_of(self, path: str, *, door: int = 0) -> str:
        """The mark that a form on this page is sent with."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.page(path, door=door).text)
        assert found, f"no form on {path}"
        return found[1]

    def press(self, path: str, token: str, *, door: int = 0, **form: str) -> httpx2.Response:
        return self.browsers[door % len(self.browsers)].post(path, data={"csrf_token": token, **form})


@dataclass(frozen=True)
class Street:
    houses: Sequence[House]

    @property
    def addresses(self) -> list[str]:
        return [house.address for house in self.houses]

    def person(self, actor: Actor) -> Person:
        with unit_of_work(now=utc_now()) as uow:
            token = accounts.sign_in(uow, user_id=actor.user_id, kind="api").token
            cookie = accounts.sign_in(uow, user_id=actor.user_id).token
        common: dict[str, Any] = {"timeout": ANSWER_SECONDS_MAX, "trust_env": False, "verify": False}
        return Person(
            actor,
            [httpx2.Client(base_url=one, headers={"Authorization": f"Bearer {token}"}, **common) for one in self.addresses],
            [httpx2.Client(base_url=one, cookies={COOKIE: cookie}, **common) for one in self.addresses],
        )  # fmt: skip

    def people(self, count: int, name: str = "Bob") -> list[Person]:
        with unit_of_work(now=utc_now()) as uow:
            actors = [make.client(uow, f"{name}{number}") for number in range(count)]
        return [self.person(one) for one in actors]


def built(folder: Path, database_url: str) -> Street:
    """Both houses, open; who asked for them stops them."""
    settings = {"ZHIXUN_DATABASE_URL": database_url, "ZHIXUN_SECRET_KEY": SECRET, "ZHIXUN_REALTIME_HUB": "postgres"}
    houses = [House(_folder(folder / name), settings) for name in ("left", "right")]
    for house in houses:
        house.begin()
    for house in houses:
        house.wait_until_ready()
    return Street(houses)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path / "var"


def all_at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """Everybody waits for everybody, then all of them press."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def wait_until(holds: Callable[[], object]) -> None:
    until = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        assert time.monotonic() < until, f"still not so after {WAIT_SECONDS_MAX} s"
        time.sleep(0.05)


def look(query: str, **values: object) -> list[Any]:
    with Session() as db:
        return list(db.execute(text(query), values))


def nothing_is_broken() -> None:
    """Once every fact is delivered: the books balance, no time is taken twice, every session has its own, and what was to
    be sent back is on its way."""
    wait_until(lambda: look(FACTS_WAITING)[0][0] == 0)
    with Session() as db:
        found = ledger.verify(db)
    assert found.holds, found.problems
    for query in NEVER:
        assert look(query) == [], query
