"""The field's questions before a session: asked of the client, read by the consultant, sealed for everyone else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import TooLate
from zhixun.features.catalog import actions as catalog
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.sealed import ReadLine
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now

ANSWERS = {"role": "Product manager, 5 years", "aim": "move", "deadline": "2026-12-24", "materials": "A CV"}


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def booked(app: Flask) -> tuple[Actor, make.ConsultantMade, str]:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking = make.paid_booking(uow, client=ada, consultant=grace)
        uow.db.flush()
        catalog.put_house_fields(uow)
    return ada, grace, booking


def answer(who: Actor, booking: str, answers: dict[str, str]) -> None:
    with unit_of_work(who) as uow:
        actions.answer_intake(uow, booking_id=booking, answers=answers)


def test_the_consultant_reads_what_the_client_answered(
    app: Flask, booked: tuple[Actor, make.ConsultantMade, str]
) -> None:
    ada, grace, booking = booked
    page = Visitor(app, ada, english=True)
    asked = page.get(f"/sessions/{booking}/questions")
    assert "Your role and years in it" in words(asked)
    sent = {f"q-{name}": text for name, text in ANSWERS.items()}
    wrong = page.post(f"/sessions/{booking}/questions", **(sent | {"q-aim": "fly"}))
    assert wrong.status_code == 400
    assert "Product manager, 5 years" in wrong.text, "what was typed is kept"
    seen = page.follow(page.post(f"/sessions/{booking}/questions", **sent))
    assert "Moving to another company" in words(seen)
    read = Visitor(app, grace.actor, english=True).get(f"/sessions/{booking}")
    assert "Product manager, 5 years" in words(read)
    assert statements(read) <= STATEMENTS_MAX
    with Session() as db:
        lines = db.scalars(sa.select(ReadLine).where(ReadLine.field == "booking_intake.answers")).all()
        stored = db.execute(sa.text("SELECT answers::text FROM booking_intake")).scalar_one()
    assert {line.reader_id for line in lines} == {grace.id}
    assert "Product" not in stored


def test_answers_can_be_changed_until_the_session_begins(booked: tuple[Actor, make.ConsultantMade, str]) -> None:
    ada, grace, booking = booked
    answer(ada, booking, ANSWERS)
    answer(ada, booking, ANSWERS | {"aim": "stay"})
    with Session() as db:
        view = queries.booking(db, booking, ada, utc_now())
        told = {one.name: one.answer for one in queries.intake_of(db, view, ada)}
    assert told["aim"] == "stay"
    with unit_of_work(now=view.starts_at) as uow:
        for who in (ada, grace.actor):
            actions.join_session(make.acting(uow, who), booking_id=booking)
        actions.complete_session(
            make.acting(uow, grace.actor, now=view.starts_at + timedelta(hours=1)), booking_id=booking
        )
    with pytest.raises(TooLate):
        answer(ada, booking, ANSWERS)


def test_nobody_else_answers_or_reads(app: Flask, booked: tuple[Actor, make.ConsultantMade, str]) -> None:
    _, grace, booking = booked
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
    for who in (bob, grace.actor):
        with pytest.raises(NotFound):
            answer(who, booking, ANSWERS)
        assert Visitor(app, who).get(f"/sessions/{booking}/questions").status_code == 404


def test_what_is_needed_is_asked_for(booked: tuple[Actor, make.ConsultantMade, str]) -> None:
    ada, _, booking = booked
    with pytest.raises(Invalid) as refused:
        answer(ada, booking, {"materials": "A CV"})
    assert set(refused.value.fields) == {"q-role", "q-aim"}
