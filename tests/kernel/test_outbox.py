"""Facts: stored with the change, delivered after it, never lost, never invented."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from zhixun.kernel import outbox
from zhixun.kernel.event import Event
from zhixun.kernel.unit_of_work import unit_of_work

heard: list[str] = []


@dataclass(frozen=True, kw_only=True)
class BellRang(Event):
    tower: str


def listen(event: BellRang) -> None:
    heard.append(event.tower)


@pytest.fixture(autouse=True)
def _subscribed() -> Iterator[None]:
    outbox.forget_all()
    outbox.subscribe(BellRang, listen)
    heard.clear()
    yield
    outbox.forget_all()


def test_a_fact_is_delivered_after_its_transaction(db_url: str, deliver_all: Callable[[], None]) -> None:
    with unit_of_work() as uow:
        uow.emit(BellRang(tower="north"))
        assert heard == []
    deliver_all()
    assert heard == ["north"]


def test_what_is_rolled_back_never_happened(db_url: str, deliver_all: Callable[[], None]) -> None:
    def ring_and_break() -> None:
        with unit_of_work() as uow:
            uow.emit(BellRang(tower="north"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ring_and_break()
    deliver_all()
    assert heard == []


@dataclass(frozen=True, kw_only=True)
class BellFell(BellRang):
    pass


def test_one_handler_may_hear_of_several_facts(db_url: str, deliver_all: Callable[[], None]) -> None:
    outbox.subscribe(BellFell, listen)
    with unit_of_work() as uow:
        uow.emit(BellRang(tower="north"))
        uow.emit(BellFell(tower="south"))
    deliver_all()
    assert sorted(heard) == ["north", "south"]
