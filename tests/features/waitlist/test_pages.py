"""The pages of the waiting list, and the letter that a kept time sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.notifications import feature as notifications
from zhixun.features.notifications.ports import Mail, Mailer
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.waitlist import actions
from zhixun.features.waitlist.rules import Wish
from zhixun.kernel import outbox, services
from zhixun.kernel.event import Event
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def two(db_url: str, tmp_path: Path) -> tuple[Flask, Actor, make.ConsultantMade]:
    app = house(db_url, tmp_path)
    with unit_of_work() as uow:
        return app, make.client(uow), make.consultant(uow, hours=())


def open_a_time(grace: make.ConsultantMade) -> None:
    with unit_of_work() as uow:
        scheduling.set_override(uow, consultant_id=grace.id, day=date(2026, 11, 26), openings=[("10:00", "11:00")])
        actions.pass_on(uow, consultant_id=grace.id)


@pytest.mark.parametrize("english", [False, True])
def test_who_finds_no_time_joins_is_offered_one_and_goes_on_to_pay(two, english):
    app, ada, grace = two
    ada_sees = Visitor(app, ada, english=english)
    assert f"/waitlist/{grace.service_id}" in ada_sees.get(f"/c/{grace.slug}").text
    assert ada_sees.get(f"/waitlist/{grace.service_id}").status_code == 200
    assert ada_sees.get("/me/waitlist").status_code == 200
    joined = ada_sees.post(f"/waitlist/{grace.service_id}", day="2026-11-26", part="morning")
    day = "Thu 26 Nov · in the morning" if english else "11月26日 周四 · 上午"
    assert day in words(ada_sees.follow(joined))
    open_a_time(grace)
    shown = ada_sees.get("/me/waitlist")
    assert statements(shown) <= STATEMENTS_MAX
    page = shown.text
    assert "30:00" in page
    accepted = ada_sees.post(page.split('action="')[-2].split('"')[0].removeprefix("/en"))
    assert "/checkout/" in accepted.headers["Location"]
    assert ada_sees.follow(accepted).status_code == 200


def test_what_was_typed_is_kept_on_a_mistake_and_a_free_time_is_pointed_to(two):
    app, ada, grace = two
    ada_sees = Visitor(app, ada)
    wrong = ada_sees.post(f"/waitlist/{grace.service_id}", day="2020-01-01", part="evening")
    assert (wrong.status_code, 'value="2020-01-01"' in wrong.text) == (400, True)
    assert 'value="evening" selected' in wrong.text
    assert ada_sees.post(f"/waitlist/{grace.service_id}", day="soon").status_code == 400
    assert ada_sees.get("/waitlist/" + "0" * 32).status_code == 404
    open_a_time(grace)
    free = ada_sees.post(f"/waitlist/{grace.service_id}", part="any")
    assert (free.status_code, f"/c/{grace.slug}" in free.text) == (409, True)


def test_others_cannot_answer_for_one(two):
    app, ada, grace = two
    Visitor(app, ada).post(f"/waitlist/{grace.service_id}", part="any")
    open_a_time(grace)
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
    path = Visitor(app, ada).get("/me/waitlist").text.split('action="')[-2].split('"')[0]
    assert Visitor(app, bob).post(path).status_code == 404
    assert Visitor(app).post(path).status_code in (302, 303, 401)


def test_a_kept_time_is_told_once_by_notice_and_mail_and_not_when_it_is_over(two, monkeypatch):
    _, ada, grace = two
    sent: list[Mail] = []
    services.provide(Mailer, type("Post", (), {"send": lambda self, mail: sent.append(mail)})())
    stated: list[Event] = []
    monkeypatch.setattr(outbox, "store", lambda db, facts: stated.extend(facts))
    with unit_of_work() as uow:
        wish = Wish(None, "any", ada.zone)
        actions.join(make.acting(uow, ada), place_id="0" * 32, service_id=grace.service_id, wish=wish)
    open_a_time(grace)
    [offered] = stated
    [tell] = notifications.feature.handlers[type(offered)]
    tell(offered)
    tell(offered)
    [mail] = sent
    assert "/me/waitlist" in mail.text
    assert "10:00" in mail.text
    sent.clear()
    with time_machine.travel(NOW.replace(hour=5), tick=False):
        tell(offered)
    assert sent == []
