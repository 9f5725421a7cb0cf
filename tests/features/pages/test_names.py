"""A consultant has a name in each script: every page, mail and calendar says the one of its own language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.events.booking import BookingConfirmed
from zhixun.features.accounts.models import User
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.catalog.models import Consultant
from zhixun.features.credentials import actions as credentials
from zhixun.features.credentials.rules import Proof
from zhixun.features.messaging import actions as messaging
from zhixun.features.messaging.rules import conversation_id_of
from zhixun.features.notifications import actions as notifications
from zhixun.features.notifications import handlers
from zhixun.features.notifications.models import Notice
from zhixun.features.notifications.ports import House, Mail, Mailer
from zhixun.kernel import services
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Words, new_id

ACCOUNT, NAME = "Zhou", Words("周明", "Ming Chou")


class Post:
    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def booked(app: Flask) -> dict[str, str]:
    """Ada has a session with someone whose account has a name of its own."""
    with unit_of_work(now=NOW) as uow:
        ada, zhou = make.client(uow), make.consultant(uow, ACCOUNT)
        uow.db.get_one(Consultant, zhou.id).name = NAME
        booking = make.paid_booking(uow, client=ada, consultant=zhou, start=make.slot(uow, zhou, number=8))
        messaging.open_conversation(uow, client_id=ada.user_id, consultant_id=zhou.id)
    return {"booking_id": booking, "client_id": ada.user_id, "consultant_id": zhou.id}


def olga() -> Actor:
    with unit_of_work(now=NOW) as uow:
        return make.operator(uow)


def says(text: str, *, english: bool) -> bool:
    """The name of this language and neither of the others."""
    right, wrong = (NAME.en, NAME.zh) if english else (NAME.zh, NAME.en)
    return right in text and wrong not in text and ACCOUNT not in text


@pytest.mark.parametrize("english", [False, True])
def test_the_clients_pages_say_the_name_of_their_language(app: Flask, booked: dict[str, str], english: bool) -> None:
    ada = Visitor(app, Actor(booked["client_id"]), english=english)
    session = f"/sessions/{booked['booking_id']}"
    talk = f"/messages/{conversation_id_of(booked['client_id'], booked['consultant_id'])}"
    for path in ("/sessions", session, session + "/room", "/messages", talk, talk + "/report", talk + "/block"):
        page = ada.get(path)
        assert says(words(page), english=english), path
        assert statements(page) <= STATEMENTS_MAX, path
    assert says(ada.get(session + "/calendar.ics").text, english=english)


@pytest.mark.parametrize("english", [False, True])
def test_the_desk_says_the_name_of_its_language(app: Flask, booked: dict[str, str], english: bool) -> None:
    desk = Visitor(app, olga(), english=english)
    client = f"/ops/clients/{booked['client_id']}"
    for path in ("/ops", "/ops/bookings", f"/ops/bookings/{booked['booking_id']}", client):
        page = desk.get(path)
        assert says(words(page), english=english), path
        assert statements(page) <= STATEMENTS_MAX, path


@pytest.mark.parametrize("english", [False, True])
def test_who_read_it_and_whose_credential_it_is_say_the_name_of_the_pages_language(
    app: Flask, booked: dict[str, str], english: bool
) -> None:
    zhou = Actor(booked["consultant_id"], frozenset({"client", "consultant"}))
    proof = Proof("licence", "13101201410123456", "Bureau of Justice", date(2020, 5, 1), None, "")
    with unit_of_work(zhou, now=NOW) as uow:
        credentials.submit_claim(uow, claim_id=new_id(), proof=proof)
        rosa = make.person(uow, "Rosa", roles=("reviewer",))
        bookings.write_brief(
            make.acting(uow, Actor(booked["client_id"])),
            booking_id=booked["booking_id"],
            brief="Hello",
            sensitive=False,
        )
    with Session() as db:
        seen = booking_queries.booking(db, booked["booking_id"], zhou, NOW)
        assert booking_queries.brief_of(db, seen, zhou) == "Hello"
    assert says(words(Visitor(app, Actor(booked["client_id"]), english=english).get("/me/access")), english=english)
    assert says(words(Visitor(app, rosa, english=english).get("/review/credentials")), english=english)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_mails_and_their_calendar_say_the_name_of_the_readers_language(
    app: Flask, booked: dict[str, str], monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    post = Post()
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    services.provide(Mailer, post)
    services.provide(House, House("https://zhixun.example", "a key"))
    with unit_of_work(now=NOW) as uow:
        uow.db.get_one(User, booked["client_id"]).language = language
    handlers.tell_both_confirmed(BookingConfirmed(**booked))
    mail = next(one for one in post.sent if one.to == "ada@example.com")
    assert says(mail.text, english=language == "en")
    assert says(mail.attachments[0].data.decode().replace("\r\n ", ""), english=language == "en")
    for english in (False, True):
        notices = Visitor(app, Actor(booked["client_id"]), english=english).get("/notices")
        assert says(words(notices), english=english)


def test_a_notice_lets_go_of_every_name_of_an_erased_consultant(app: Flask, booked: dict[str, str]) -> None:
    handlers.write(BookingConfirmed(**booked), "booking_confirmed", [booked["client_id"]])
    with unit_of_work(now=NOW) as uow:
        assert notifications.forget_name(uow, booked["consultant_id"]) == 1
        assert uow.db.scalars(select(Notice)).one().values["other"] == ""
