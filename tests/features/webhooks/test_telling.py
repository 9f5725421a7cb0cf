"""A fact reaches a program once for each time it is heard of, later when it fails, and never for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest

from tests import make
from zhixun.events.booking import BookingConfirmed
from zhixun.events.webhooks import WebhookDue
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.webhooks import actions, handlers, queries, rules
from zhixun.features.webhooks.ports import Outcome, Parcel, WebhookSender
from zhixun.features.webhooks.rules import State
from zhixun.kernel import services
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import Actor, new_id

NOW = make.NOW
URL = "https://crm.example.com/zhixun"
FACT = BookingConfirmed(booking_id=new_id(), client_id=new_id(), consultant_id=new_id())


class Program:
    """Answers with the statuses it is given, one after the other; the last for ever."""

    def __init__(self) -> None:
        self.heard: list[Parcel] = []
        self.answers: list[int | None] = [200]

    def send(self, parcel: Parcel) -> Outcome:
        self.heard.append(parcel)
        return Outcome(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])

    def secret(self, endpoint_id: str, version: int) -> str:
        return f"{endpoint_id}:{version}"


@pytest.fixture
def program(db_url: str, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    found = Program()
    services.provide(WebhookSender, found)
    return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    times = [NOW]
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: times[0])
    return times


def desk(uow: UnitOfWork) -> UnitOfWork:
    return make.acting(uow, make.operator(uow))


def endpoint(*, kinds: tuple[str, ...] = ("booking.confirmed",)) -> str:
    with unit_of_work(now=NOW) as uow:
        endpoint_id = new_id()
        actions.put_endpoint(desk(uow), endpoint_id=endpoint_id, url=URL, description=" Our  CRM ", kinds=list(kinds))
    return endpoint_id


def told(endpoint_id: str) -> list[queries.DeliveryView]:
    with unit_of_work() as uow:
        return queries.deliveries_of(uow.db, endpoint_id, limit=50)


def due(at: datetime) -> int:
    """What the clock does, and the facts it states, delivered."""
    with unit_of_work(now=at) as uow:
        actions.wake_due(uow, limit=100)
        facts = list(uow.facts)
    for fact in facts:
        handlers.send(fact)
    return len(facts)


def test_a_fact_is_told_once_with_its_ids_and_nothing_else(program: Program, clock: list[datetime]) -> None:
    mine, other = endpoint(), endpoint(kinds=("session.completed",))
    handlers.tell_programs(FACT)
    handlers.tell_programs(FACT)
    (line,) = told(mine)
    assert told(other) == []
    handlers.send(WebhookDue(delivery_id=line.id))
    handlers.send(WebhookDue(delivery_id=line.id))
    (parcel,) = program.heard
    assert (parcel.url, parcel.delivery_id) == (URL, line.id)
    assert json.loads(parcel.body) == {
        "type": "booking.confirmed", "id": FACT.event_id, "at": "2026-11-24T09:00:00Z",
        "data": {name: value for name, value in asdict(FACT).items() if name != "event_id"},
    }  # fmt: skip
    assert told(mine)[0].state == State.DELIVERED


def test_what_fails_is_tried_again_with_growing_pauses_and_then_given_up(
    program: Program, clock: list[datetime]
) -> None:
    mine = endpoint()
    program.answers = [500, None, 302]
    handlers.tell_programs(FACT)
    handlers.send(WebhookDue(delivery_id=told(mine)[0].id))
    for tries, pause in enumerate(rules.PAUSES, 1):
        (line,) = told(mine)
        assert (line.state, line.tries, line.next_at) == (State.WAITING, tries, clock[0] + pause)
        assert due(clock[0] + pause - timedelta(seconds=1)) == 0
        clock[0] += pause
        assert due(clock[0]) == 1
    (line,) = told(mine)
    assert (line.state, line.tries, len(program.heard)) == (State.GIVEN_UP, 10, 10)
    assert due(clock[0] + timedelta(days=2)) == 0


def test_a_try_lost_with_its_process_is_made_again(program: Program, clock: list[datetime]) -> None:
    mine = endpoint()
    handlers.tell_programs(FACT)
    with unit_of_work() as uow:
        assert actions.claim(uow, delivery_id=told(mine)[0].id) is not None
    clock[0] += rules.WAKE_AGAIN
    assert due(clock[0]) == 1
    assert [line.state for line in told(mine)] == [State.DELIVERED]


def test_two_workers_do_not_try_the_same_delivery(program: Program) -> None:
    mine = endpoint()
    handlers.tell_programs(FACT)
    (line,) = told(mine)

    def claimed(number: int) -> bool:
        with unit_of_work() as uow:
            return actions.claim(uow, delivery_id=line.id) is not None

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(claimed, range(8))) == 1


def test_an_address_that_is_gone_or_silent_for_days_is_switched_off(program: Program, clock: list[datetime]) -> None:
    gone = endpoint()
    program.answers = [410]
    handlers.tell_programs(FACT)
    handlers.send(WebhookDue(delivery_id=told(gone)[0].id))
    silent = endpoint()
    program.answers = [503]
    for days in (0, 3, 6):
        clock[0] = NOW + timedelta(days=days)
        fact = replace(FACT, event_id=new_id())
        handlers.tell_programs(fact)
        handlers.send(WebhookDue(delivery_id=told(silent)[0].id))
    with unit_of_work() as uow:
        found = {one.id: one for one in queries.endpoints(uow.db)}
    assert (found[gone].active, found[silent].active) == (False, False)
    handlers.tell_programs(replace(FACT, event_id=new_id()))
    assert len(told(silent)) == 3


def test_a_good_answer_clears_the_slate_and_a_switched_on_address_starts_anew(
    program: Program, clock: list[datetime]
) -> None:
    mine = endpoint()
    program.answers = [500, 204]
    handlers.tell_programs(FACT)
    handlers.send(WebhookDue(delivery_id=told(mine)[0].id))
    due(NOW + timedelta(minutes=1))
    with unit_of_work() as uow:
        assert queries.endpoint(uow.db, mine).failing_since is None


def test_an_operator_sends_again_what_was_given_up(program: Program, clock: list[datetime]) -> None:
    mine = endpoint()
    program.answers = [410, 200]
    handlers.tell_programs(FACT)
    (line,) = told(mine)
    handlers.send(WebhookDue(delivery_id=line.id))
    with unit_of_work() as uow, pytest.raises(Conflict):
        actions.send_again(desk(uow), endpoint_id=mine, delivery_id=line.id)
    with unit_of_work() as uow:
        olga = desk(uow)
        actions.put_endpoint(olga, endpoint_id=mine, url=URL, description="", kinds=["booking.confirmed"], active=True)
        actions.send_again(olga, endpoint_id=mine, delivery_id=line.id)
    handlers.send(WebhookDue(delivery_id=line.id))
    assert told(mine)[0].state == State.DELIVERED


def test_removing_an_address_takes_what_waits_with_it_and_twice_is_once(program: Program) -> None:
    mine = endpoint()
    handlers.tell_programs(FACT)
    for _ in range(2):
        with unit_of_work() as uow:
            actions.remove_endpoint(desk(uow), endpoint_id=mine)
    assert told(mine) == []


def test_old_deliveries_go_and_waiting_ones_stay(program: Program, clock: list[datetime]) -> None:
    mine = endpoint()
    handlers.tell_programs(FACT)
    handlers.send(WebhookDue(delivery_id=told(mine)[0].id))
    handlers.tell_programs(replace(FACT, event_id=new_id()))
    with unit_of_work(now=NOW + timedelta(days=31)) as uow:
        actions.forget_old(uow)
    assert [line.state for line in told(mine)] == [State.WAITING]


def test_only_who_runs_the_house_may_touch_them(program: Program) -> None:
    mine = endpoint()
    deeds = [
        lambda uow: actions.put_endpoint(uow, endpoint_id=new_id(), url=URL, description="", kinds=["booking.held"]),
        lambda uow: actions.remove_endpoint(uow, endpoint_id=mine),
        lambda uow: actions.renew_secret(uow, endpoint_id=mine),
        lambda uow: actions.send_test(uow, endpoint_id=mine, delivery_id=new_id()),
        lambda uow: actions.send_again(uow, endpoint_id=mine, delivery_id=new_id()),
    ]
    for actor in _others():
        for deed in deeds:
            with pytest.raises(RightNeeded), unit_of_work(actor) as uow:
                deed(uow)


def _others() -> list[Actor]:
    with unit_of_work() as uow:
        return [make.client(uow), make.operator(uow, "Fay", role="finance"), make.operator(uow, "Sue", role="support")]


def test_wrong_wishes_are_refused_and_the_twenty_first_address_too(program: Program) -> None:
    with unit_of_work() as uow, pytest.raises(Invalid):
        actions.put_endpoint(desk(uow), endpoint_id=new_id(), url="http://x", description="", kinds=["booking.held"])
    with unit_of_work() as uow:
        olga = desk(uow)
        for _ in range(rules.ENDPOINTS_MAX):
            actions.put_endpoint(olga, endpoint_id=new_id(), url=URL, description="", kinds=["booking.held"])
        with pytest.raises(actions.TooManyEndpoints):
            actions.put_endpoint(olga, endpoint_id=new_id(), url=URL, description="", kinds=["booking.held"])
        with pytest.raises(NotFound):
            actions.send_test(olga, endpoint_id=new_id(), delivery_id=new_id())
