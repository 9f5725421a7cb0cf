"""Two hundred people press "book" for the same hour at the same moment, over real HTTP: one has it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import uvicorn

from tests import make
from tests.conftest import KEYS
from zhixun.asgi import build
from zhixun.features.accounts import actions as accounts
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.actions import GroupWish
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Words, new_id, utc_now
from zhixun.settings import Settings

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "2"))
CLIENTS, REQUESTS_EACH = 20, 10
SECONDS_MAX = 30
SEATED = "SELECT count(*), count(DISTINCT client_id) FROM booking_bookings WHERE group_id = %s AND state = 'held'"
STANDING = "SELECT count(*) FROM scheduling_times WHERE standing AND starts_at = %s"


@pytest.fixture
def address(db_url: str, tmp_path: Any) -> Iterator[str]:
    """The whole site under uvicorn, as `zhixun serve` runs it, without the worker."""
    site = build(Settings(keys=KEYS, data_dir=tmp_path, rate_limits=False, workers=2), db_url)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site, log_level="warning", access_log=False))
        running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        running.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        running.join()


@pytest.fixture
def crowd(address: str) -> tuple[list[str], make.ConsultantMade]:
    with unit_of_work(now=utc_now()) as uow:
        grace = make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        clients = [make.client(uow, f"Client{number}") for number in range(CLIENTS)]
        return [accounts.sign_in(uow, user_id=one.user_id, kind="api").token for one in clients], grace


def test_of_two_hundred_at_once_exactly_one_gets_the_time(address, crowd):
    tokens, grace = crowd
    for number in range(ROUNDS):
        with unit_of_work(now=utc_now()) as uow:
            start = make.slot(uow, grace, after=utc_now() + timedelta(days=2, hours=3 * number))
        answers = asyncio.run(_rush(address, tokens, grace.service_id, start))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: CLIENTS * REQUESTS_EACH - 1}
        for answer in answers:
            if answer.status_code == 409:
                assert answer.json()["code"] == "slot_taken", answer.text
                assert len(answer.json()["alternatives"]) == 3
        with Session() as db:
            assert db.connection().exec_driver_sql(STANDING, (start,)).scalar() == 1
        _let_go(address, tokens, answers)


def test_of_two_hundred_at_once_exactly_three_get_the_last_three_seats(address, crowd):
    tokens, grace = crowd
    for number in range(ROUNDS):
        first, later = (_group(grace, f"Last seats {number}", days=3 + 2 * number + day) for day in (0, 1))
        answers = asyncio.run(_rush_to(address, tokens, f"/api/v1/groups/{first}/seats"))
        assert Counter(answer.status_code for answer in answers) == {201: 3, 409: CLIENTS * REQUESTS_EACH - 3}
        for answer in answers:
            if answer.status_code == 409 and answer.json()["code"] != "seated_already":
                assert answer.json()["code"] == "group_full", answer.text
                assert [one["id"] for one in answer.json()["groups"]] == [later]
                assert len(answer.json()["alternatives"]) == 1
        with Session() as db:
            assert db.connection().exec_driver_sql(SEATED, (first,)).one() == (3, 3)
        _let_go(address, tokens, answers)


def _group(grace: make.ConsultantMade, title: str, *, days: int) -> str:
    """Three seats, so many days ahead; its id."""
    start = utc_now().replace(microsecond=0) + timedelta(days=days)
    wish = GroupWish(Words(title), start, 60, make.PRICE, 3, 1, start - timedelta(hours=2))
    with unit_of_work(grace.actor) as uow:
        bookings.set_group(uow, group_id=(name := new_id()), wish=wish)
    return name


def test_a_body_sent_in_chunks_is_read_like_any_other(address, crowd):
    tokens, grace = crowd
    with unit_of_work(now=utc_now()) as uow:
        body = {"service_id": grace.service_id, "start": make.slot(uow, grace, number=5).isoformat()}
    text = json.dumps(body).encode()
    made = httpx2.post(
        f"{address}/api/v1/bookings", content=iter([text[:20], text[20:]]), trust_env=False,
        headers={"Authorization": f"Bearer {tokens[0]}", "Content-Type": "application/json"},
    )  # fmt: skip
    assert made.status_code == 201, made.text


def test_a_body_without_a_length_is_no_way_around_the_limit(address):
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        huge = (b"a" * 100_000 for _ in range(30))
        answer = httpx2.post(f"{address}/api/v1/tokens", content=huge, trust_env=False, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def _rush(address: str, tokens: list[str], service_id: str, start: datetime) -> list[httpx2.Response]:
    return await _rush_to(address, tokens, "/api/v1/bookings", {"service_id": service_id, "start": start.isoformat()})


async def _rush_to(
    address: str, tokens: list[str], path: str, body: dict[str, str] | None = None
) -> list[httpx2.Response]:
    limits = httpx2.Limits(max_connections=CLIENTS * REQUESTS_EACH)
    async with httpx2.AsyncClient(base_url=address, timeout=SECONDS_MAX, limits=limits, trust_env=False) as http:
        began = time.monotonic()
        answers = await asyncio.gather(
            *(
                http.post(path, json=body or {}, headers={"Authorization": f"Bearer {token}"})
                for token in tokens * REQUESTS_EACH
            )
        )
        print(f"{len(answers)} answers in {time.monotonic() - began:.2f} s")
    return list(answers)


def _let_go(address: str, tokens: list[str], answers: list[httpx2.Response]) -> None:
    """The winners give theirs back, so that no one meets the limit of holds in a long run."""
    for number, answer in enumerate(answers):
        if answer.status_code == 201:
            gone = httpx2.post(
                f"{address}/api/v1/bookings/{answer.json()['id']}/cancellation", json={}, trust_env=False,
                headers={"Authorization": f"Bearer {tokens[number % CLIENTS]}"},
            )  # fmt: skip
            assert gone.status_code == 200, gone.text
