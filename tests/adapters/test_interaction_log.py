"""What every log of interactions promises; run against the house's own table and a real MongoDB."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests import make, mongodb
from zhixun.adapters.interaction_log.mongodb import MongoLog
from zhixun.adapters.interaction_log.sql import SqlLog
from zhixun.features.behaviour.ports import InteractionLog
from zhixun.features.behaviour.rules import Interaction

NOW = make.NOW
MINUTE = timedelta(minutes=1)


def seen(number: int = 0, **changes: object) -> Interaction:
    return replace(Interaction(f"e{number}", "view", "page:/", NOW + number * MINUTE), **changes)


@pytest.fixture(scope="session")
def mongo() -> Iterator[str]:
    with mongodb.server() as address:
        yield address


@pytest.fixture(params=["sql", "mongodb"])
def log(request: pytest.FixtureRequest) -> InteractionLog:
    if request.param == "sql":
        request.getfixturevalue("db_url")
        return SqlLog()
    return MongoLog(f"{request.getfixturevalue('mongo')}/t_{uuid.uuid4().hex[:12]}")


def test_what_is_added_comes_back_whole(log: InteractionLog) -> None:
    full = seen(
        kind="payment", subject="consultant:grace", source="server", text="裁员", labels=("field=legal", "topic=dismissal"),
        value_minor=48_000, channel="video", starts_at=NOW + 60 * MINUTE,
    )  # fmt: skip
    assert log.add("p", [full]) == 1
    assert log.of_person("p") == [full]
    assert [one.interaction for one in log.everything()] == [full]


def test_added_twice_is_kept_once_and_only_new_ones_are_counted(log: InteractionLog) -> None:
    assert log.add("p", [seen(1), seen(2)]) == 2
    assert log.add("p", [seen(2), seen(3)]) == 1
    assert log.add("p", [seen(2), seen(3)]) == 0
    assert log.add("p", []) == 0
    assert log.count() == 3


def test_two_people_may_have_the_same_ids(log: InteractionLog) -> None:
    log.add("p", [seen()])
    assert log.add("q", [seen()]) == 1
    assert len(log.of_person("p")) == len(log.of_person("q")) == 1


def test_the_latest_comes_first_from_a_moment_on_and_so_many(log: InteractionLog) -> None:
    log.add("p", [seen(n) for n in range(5)])
    assert [one.id for one in log.of_person("p", limit=2)] == ["e4", "e3"]
    assert [one.id for one in log.of_person("p", since=NOW + 3 * MINUTE)] == ["e4", "e3"]
    assert log.of_person("nobody") == []


def test_everything_is_told_in_the_order_it_happened(log: InteractionLog) -> None:
    log.add("q", [seen(3), seen(1)])
    log.add("p", [seen(2)])
    assert [(one.person, one.interaction.id) for one in log.everything()] == [("q", "e1"), ("p", "e2"), ("q", "e3")]
    assert [one.interaction.id for one in log.everything(since=NOW + 3 * MINUTE)] == ["e3"]


def test_a_person_is_forgotten_whole_and_alone(log: InteractionLog) -> None:
    log.add("p", [seen(1), seen(2)])
    log.add("q", [seen(1)])
    assert log.forget_person("p") == 2
    assert log.forget_person("p") == 0
    assert log.of_person("p") == []
    assert log.count() == 1


def test_what_is_old_is_forgotten(log: InteractionLog) -> None:
    log.add("p", [seen(1), seen(2), seen(3)])
    assert log.forget_before(NOW + 3 * MINUTE) == 2
    assert [one.id for one in log.of_person("p")] == ["e3"]


def test_many_at_once_lose_nothing_and_double_nothing(log: InteractionLog) -> None:
    counted: list[int] = []

    def write() -> None:
        counted.append(sum(log.add("p", [seen(n) for n in range(start, start + 10)]) for start in range(0, 100, 10)))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counted) == log.count() == 100


def test_mongodb_keeps_what_it_has_when_it_is_opened_again(mongo: str) -> None:
    address = f"{mongo}/t_{uuid.uuid4().hex[:12]}"
    MongoLog(address).add("p", [seen()])
    assert MongoLog(address).add("p", [seen(), seen(1)]) == 1
    assert MongoLog(address).count() == 2
