"""Who read what, and what was done with power: both written down, and no line can be changed unseen."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions as bookings
from zhixun.features.privacy.commands import COMMANDS
from zhixun.kernel import audit
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def booked(brief: str = "My question") -> tuple[make.Actor, make.ConsultantMade, str]:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace), brief=brief)
    return ada, grace, booking_id


def chain() -> audit.Chain:
    with Session() as db:
        return audit.verify(db)


def test_a_client_sees_that_the_consultant_read_the_brief(app: Flask) -> None:
    ada, grace, booking_id = booked()
    assert "Nobody has read anything of yours" in words(Visitor(app, ada, english=True).get("/me/access"))
    for _ in range(2):
        assert "My question" in Visitor(app, grace.actor).get(f"/sessions/{booking_id}").text
    page = Visitor(app, ada, english=True).get("/me/access")
    assert words(page).count("read by Grace") == 1
    assert "What you wrote for a session" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    assert "read by" not in words(Visitor(app, grace.actor, english=True).get("/me/access"))


def test_what_the_desk_does_is_chained_and_shown_to_who_may_see_it(app: Flask) -> None:
    _, _, booking_id = booked()
    with unit_of_work() as uow:
        olga, sam = make.operator(uow), make.operator(uow, "Sam", role="support")
    with unit_of_work(olga) as uow:
        bookings.cancel_booking(uow, booking_id=booking_id)
    page = Visitor(app, olga, english=True).get("/ops/audit")
    assert ("BookingCancelled" in page.text, booking_id in page.text, "the chain holds" in page.text) == (True,) * 3
    assert statements(page) <= STATEMENTS_MAX
    assert Visitor(app, sam).get("/ops/audit").status_code == 404
    assert "/ops/audit" not in Visitor(app, sam).get("/ops").text
    assert Visitor(app, olga).get("/ops/audit?before=x").status_code == 400


def test_what_clients_do_is_nobodys_deed_of_power(app: Flask) -> None:
    booked()
    assert chain() == audit.Chain(0, audit.BEGINNING, None)


def recorded(count: int = 5) -> None:
    for number in range(count):
        with unit_of_work() as uow:
            audit.record(uow, "tried", subject_id="someone", number=number)


@pytest.mark.usefixtures("db_url")
@pytest.mark.parametrize(
    "meddling",
    [
        "UPDATE audit_lines SET actor_id = 'eve' WHERE number = 3",
        "UPDATE audit_lines SET details = '{}' WHERE number = 3",
        "UPDATE audit_lines SET at = at + interval '1 second' WHERE number = 3",
        "DELETE FROM audit_lines WHERE number = 3",
    ],
)
def test_a_changed_line_is_found_where_it_is(meddling: str, capsys: pytest.CaptureFixture[str]) -> None:
    recorded()
    assert (chain().holds, chain().count) == (True, 5)
    with Session() as db, pytest.raises(sa.exc.DBAPIError, match="append-only"):
        db.execute(sa.text(meddling))
    with Session.begin() as db:
        db.execute(sa.text("ALTER TABLE audit_lines DISABLE TRIGGER ALL"))
        db.execute(sa.text(meddling))
    assert chain().broken_at == 3
    command = next(one for one in COMMANDS if one.verb == "verify-audit")
    assert command.run(argparse.Namespace(json=True)) == 1
    assert json.loads(capsys.readouterr().out)["broken_at"] == 3


@pytest.mark.usefixtures("db_url")
def test_a_deed_that_is_rolled_back_leaves_no_line() -> None:
    with Session() as db:
        audit.record(UnitOfWork(db, make.NOW, make.Actor("olga")), "tried")
        db.rollback()
    assert chain().count == 0
