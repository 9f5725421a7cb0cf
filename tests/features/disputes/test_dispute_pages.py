"""The pages of a dispute: for the two on their session, and for the desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.disputes import actions, queries
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

WORDS = "There was no sound for half an hour."
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def held(app: Flask) -> tuple[Actor, make.ConsultantMade, str]:
    """A session that ended seven hours ago."""
    with unit_of_work(now=NOW - DAY) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        return ada, grace, make.completed_booking(uow, client=ada, consultant=grace)


def test_the_two_are_led_through_it_and_the_house_decides(app: Flask, held, clock: time_machine.Traveller) -> None:
    ada, grace, booking_id = held
    with unit_of_work(now=NOW) as uow:
        sam = make.operator(uow, "Sam", role="support")
    client, consultant, desk = (Visitor(app, who, english=True) for who in (ada, grace.actor, sam))
    where = f"/sessions/{booking_id}/dispute"
    assert f'href="/en{where}"' in client.get(f"/sessions/{booking_id}").text
    page = client.get(where)
    assert "All that is left, ¥480.00" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    typed = {"dispute_id": new_id(), "reason": "technical", "how": "part", "amount": "200", "words": WORDS}
    for wrong, said in (
        ({"amount": "lots"}, "like 120"),
        ({"words": "no"}, "10 to 4,000"),
        ({"reason": ""}, "choose what"),
    ):
        refused = client.post(where, **(typed | wrong))
        assert (refused.status_code, said in words(refused)) == (400, True)
        assert WORDS in refused.text or "words" in wrong
    for _ in range(2):
        assert client.post(where, **typed).status_code == 303
    assert "This session is disputed; its money waits." in words(client.get(f"/sessions/{booking_id}"))
    assert "I agree: ¥200.00 goes back at once" in words(consultant.get(where))
    answered = consultant.post(f"{where}/answer", statement_id=new_id(), agrees="no", words="The line was fine here.")
    assert "Both are heard" in words(consultant.follow(answered))
    client.post(f"{where}/statements", statement_id=new_id(), words="Here is what the call's record says.")
    assert "Here is what the call's record says." in words(consultant.get(where))
    clock.move_to(NOW + 3 * DAY + timedelta(minutes=1), tick=False)
    with Session() as db:
        about = queries.dispute_about(db, booking_id)
    with unit_of_work() as uow:
        actions.pass_time(uow, dispute_id=about.id)
    desk = Visitor(app, sam, english=True)
    listed = desk.get("/ops/disputes")
    assert "Sound or picture did not work" in words(listed)
    assert f"/ops/disputes/{about.id}" in listed.text
    ruling = desk.get(f"/ops/disputes/{about.id}")
    assert statements(ruling) <= STATEMENTS_MAX
    form = {"statement_id": new_id(), "how": "part", "amount": "100", "words": "Half of it was heard."}
    refused = desk.post(f"/ops/disputes/{about.id}/ruling", **(form | {"amount": "201"}))
    assert (refused.status_code, "between zero and what was asked" in words(refused)) == (400, True)
    for _ in range(2):
        assert desk.post(f"/ops/disputes/{about.id}/ruling", **form).status_code == 303
    said = words(client.get(where))
    assert "The house decided." in said
    assert "¥100.00 goes back to the client" in said
    assert "Half of it was heard." in said


def test_a_consultant_who_agrees_ends_it(app: Flask, held) -> None:
    ada, grace, booking_id = held
    where = f"/sessions/{booking_id}/dispute"
    Visitor(app, ada).post(where, dispute_id=new_id(), reason="short", how="all", words=WORDS)
    consultant = Visitor(app, grace.actor, english=True)
    done = consultant.post(f"{where}/answer", statement_id=new_id(), agrees="yes", words="")
    assert "The consultant agreed." in words(consultant.follow(done))
    refused = consultant.post(f"{where}/answer", statement_id=new_id(), agrees="yes", words="")
    assert (refused.status_code, "not possible at this stage" in words(refused)) == (409, True)


def test_nobody_else_finds_it_and_a_client_may_take_it_back(app: Flask, held) -> None:
    ada, grace, booking_id = held
    where = f"/sessions/{booking_id}/dispute"
    with unit_of_work(now=NOW) as uow:
        bob, connie = make.client(uow, "Bob"), make.operator(uow, "Connie", role="content")
    assert Visitor(app, grace.actor).get(where).status_code == 404
    assert Visitor(app, grace.actor).post(f"{where}/answer", agrees="yes").status_code == 404
    assert Visitor(app, bob).post(where, dispute_id=new_id(), reason="short", how="all", words=WORDS).status_code == 404
    client = Visitor(app, ada, english=True)
    client.post(where, dispute_id=new_id(), reason="short", how="all", words=WORDS)
    assert Visitor(app, bob).get(where).status_code == 404
    assert Visitor(app, connie).get("/ops/disputes").status_code == 403
    assert "Withdrawn." in words(client.follow(client.post(f"{where}/withdrawal")))
    late = client.post(where, dispute_id=new_id(), reason="short", how="all", words=WORDS)
    assert (late.status_code, "disputed already" in words(late)) == (409, True)


def test_after_48_hours_there_is_no_way_in(app: Flask, held, clock: time_machine.Traveller) -> None:
    ada, _, booking_id = held
    clock.move_to(NOW + 2 * DAY, tick=False)
    client = Visitor(app, ada, english=True)
    assert "/dispute" not in client.get(f"/sessions/{booking_id}").text
    assert client.get(f"/sessions/{booking_id}/dispute").status_code == 404
    late = client.post(f"/sessions/{booking_id}/dispute", dispute_id=new_id(), reason="short", how="all", words=WORDS)
    assert (late.status_code, "for 48 hours after it" in words(late)) == (409, True)


def test_an_empty_desk_says_so(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        desk = Visitor(app, make.operator(uow), english=True)
    assert "That is how it should be." in words(desk.get("/ops/disputes?state=nonsense"))
    assert desk.get(f"/ops/disputes/{new_id()}").status_code == 404
