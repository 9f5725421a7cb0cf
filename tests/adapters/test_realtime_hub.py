"""What every RealtimeHub promises, run against each adapter; and what those between processes add."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests import programs
from zhixun.adapters.realtime_hub.memory import MemoryHub
from zhixun.adapters.realtime_hub.postgres import PostgresHub
from zhixun.adapters.realtime_hub.redis import RedisHub
from zhixun.kernel.ports import RealtimeHub

LARGE = {"type": "signal", "data": "字" * 20_000}


class Ear:
    """Hears frames and can wait for them."""

    def __init__(self) -> None:
        self.heard: list[Mapping[str, Any]] = []
        self._news = threading.Condition()

    def __call__(self, frame: Mapping[str, Any]) -> None:
        with self._news:
            self.heard.append(frame)
            self._news.notify_all()

    def wait_for(self, count: int, seconds: float = 10) -> list[Mapping[str, Any]]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.heard) >= count, seconds), self.heard
            return list(self.heard)


@pytest.fixture
def postgres_hubs(db_url: str) -> Iterator[Callable[[], PostgresHub]]:
    made: list[PostgresHub] = []

    def another() -> PostgresHub:
        made.append(PostgresHub(db_url))
        return made[-1]

    yield another
    for hub in made:
        hub.close()


class Redis:
    """A Redis of the test's own, which it may stop and start again."""

    def __init__(self, folder: Path) -> None:
        self.url = f"redis://127.0.0.1:{_free_port()}/0"
        self._folder = folder
        self.start()

    def start(self) -> None:
        port = self.url.split(":")[2].removesuffix("/0")
        self._running = programs.begin(
            [
                "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", "",
                "--appendonly", "no",
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        client = redis.Redis.from_url(self.url)
        for _ in range(200):
            try:
                client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
        raise TimeoutError(self.url)

    def stop(self) -> None:
        self._running.kill()
        self._running.wait(10)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        missing = "redis-server is missing: apt-get install redis-server"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    server = Redis(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def redis_hubs(redis_server: Redis) -> Iterator[Callable[[], RedisHub]]:
    made: list[RedisHub] = []

    def another() -> RedisHub:
        made.append(RedisHub(redis_server.url))
        return made[-1]

    yield another
    for hub in made:
        hub.close()


@pytest.fixture(params=["memory", "postgres", "redis"])
def hub(request: pytest.FixtureRequest) -> RealtimeHub:
    if request.param == "memory":
        return MemoryHub()
    another: Callable[[], RealtimeHub] = request.getfixturevalue(f"{request.param}_hubs")
    return another()


@pytest.fixture(params=["postgres", "redis"])
def hubs(request: pytest.FixtureRequest) -> Callable[[], RealtimeHub]:
    """Makes hubs as of processes of their own, which reach each other."""
    another: Callable[[], RealtimeHub] = request.getfixturevalue(f"{request.param}_hubs")
    return another


def test_who_listens_hears_each_frame_once_and_in_order(hub):
    ear = Ear()
    hub.subscribe("user:ada", ear)
    for number in range(50):
        hub.publish("user:ada", {"type": "message", "seq": number})
    assert [frame["seq"] for frame in ear.wait_for(50)] == list(range(50))


def test_a_frame_goes_to_its_own_channel_only(hub):
    ada, grace = Ear(), Ear()
    hub.subscribe("user:ada", ada)
    hub.subscribe("user:grace", grace)
    hub.publish("user:ada", {"type": "typing"})
    ada.wait_for(1)
    assert grace.heard == []


def test_everyone_on_a_channel_hears_it(hub):
    phone, desk = Ear(), Ear()
    hub.subscribe("user:ada", phone)
    hub.subscribe("user:ada", desk)
    hub.publish("user:ada", {"type": "typing"})
    assert phone.wait_for(1) == desk.wait_for(1)


def test_who_stops_listening_hears_no_more_and_may_stop_twice(hub):
    gone, here = Ear(), Ear()
    end = hub.subscribe("user:ada", gone)
    hub.subscribe("user:ada", here)
    end()
    end()
    hub.publish("user:ada", {"type": "typing"})
    here.wait_for(1)
    assert gone.heard == []


def test_nobody_listening_is_fine(hub):
    hub.publish("user:nobody", {"type": "typing"})


def test_a_listener_that_breaks_does_not_silence_the_others(hub):
    def broken(frame: Mapping[str, Any]) -> None:
        raise RuntimeError("broken on purpose")

    ear = Ear()
    hub.subscribe("user:ada", broken)
    hub.subscribe("user:ada", ear)
    hub.publish("user:ada", {"type": "typing"})
    ear.wait_for(1)


def test_large_frames_and_all_letters_arrive_whole(hub):
    ear = Ear()
    hub.subscribe("user:ada", ear)
    odd = {"type": "signal", "data": "知询 \u0000 \ud800 '\"\\ 🙂"}
    hub.publish("user:ada", LARGE)
    hub.publish("user:ada", odd)
    assert ear.wait_for(2) == [LARGE, odd]


def test_twenty_threads_may_publish_at_once(hub):
    ear = Ear()
    hub.subscribe("user:ada", ear)

    def talk(who: int) -> None:
        for number in range(20):
            hub.publish("user:ada", {"who": who, "number": number})

    threads = [threading.Thread(target=talk, args=(who,)) for who in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard = ear.wait_for(400)
    for who in range(20):
        assert [frame["number"] for frame in heard if frame["who"] == who] == list(range(20))


def test_another_process_hears_it_too_once_and_large_frames_whole(hubs):
    here, there = hubs(), hubs()
    at_home, away = Ear(), Ear()
    here.subscribe("user:ada", at_home)
    there.subscribe("user:ada", away)
    frames = [{"type": "message", "seq": 1}, LARGE, {"type": "message", "seq": 2}]
    for frame in frames:
        here.publish("user:ada", frame)
    assert away.wait_for(3) == frames
    time.sleep(0.2)
    assert at_home.heard == frames


@pytest.mark.parametrize("length", range(7_700, 8_100, 37))
def test_no_length_near_the_limit_is_lost(postgres_hubs, length):
    here, there = postgres_hubs(), postgres_hubs()
    ear = Ear()
    there.subscribe("user:ada", ear)
    frame = {"data": "x" * (length - len(json.dumps({"data": ""})))}
    here.publish("user:ada", frame)
    assert ear.wait_for(1) == [frame]


def test_after_the_database_comes_back_the_listener_does_too_and_says_so(postgres_hubs, db_url):
    here, there = postgres_hubs(), postgres_hubs()
    ear = Ear()
    there.subscribe("user:ada", ear)
    here.publish("user:ada", {"seq": 1})
    ear.wait_for(1)
    with psycopg.connect(db_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert ear.wait_for(2)[1] == {"type": "resync"}
    here.publish("user:ada", {"seq": 2})
    assert ear.wait_for(3)[2] == {"seq": 2}


def test_publishing_while_the_database_is_away_reaches_this_process_and_breaks_nothing(postgres_hubs):
    hub = PostgresHub("postgresql://nobody@/nowhere?host=/nonexistent")
    ear = Ear()
    hub._here.subscribe("user:ada", ear)
    hub.publish("user:ada", {"seq": 1})
    assert ear.heard == [{"seq": 1}]
    hub.close()


def test_after_redis_comes_back_the_listener_does_too_and_says_so(redis_hubs, redis_server):
    here, there = redis_hubs(), redis_hubs()
    ear = Ear()
    there.subscribe("user:ada", ear)
    here.publish("user:ada", {"seq": 1})
    ear.wait_for(1)
    redis_server.stop()
    here.publish("user:ada", {"seq": "lost"})
    redis_server.start()
    assert ear.wait_for(2)[1] == {"type": "resync"}
    here.publish("user:ada", {"seq": 2})
    assert ear.wait_for(3)[2] == {"seq": 2}


def test_publishing_while_redis_is_away_reaches_this_process_and_breaks_nothing():
    hub = RedisHub("redis://127.0.0.1:1/0")
    ear = Ear()
    hub._here.subscribe("user:ada", ear)
    hub.publish("user:ada", {"seq": 1})
    assert ear.heard == [{"seq": 1}]
    hub.close()
