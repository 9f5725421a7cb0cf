"""Only with consent, once, under a name that is nobody's; and gone when the consent is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import Visitor, house
from zhixun.features.behaviour import actions, queries, rules
from zhixun.features.behaviour.ports import InteractionLog
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy.rules import PURPOSES, Purpose
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, utc_now

Deliver = Callable[[], None]


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def ada(app: Flask) -> Actor:
    with unit_of_work() as uow:
        ada = make.client(uow)
        privacy.give_consent(uow, user_id=ada.user_id, purpose=rules.PURPOSE)
    return ada


def seen(**changes: object) -> Interaction:
    usual = Interaction(new_id(), "view", f"consultant:{new_id()}", utc_now())
    return replace(usual, **changes)


def state(who: Actor, *interactions: Interaction, user_agent: str = "") -> int:
    with unit_of_work(who) as uow:
        return actions.state_interactions(uow, interactions=interactions, user_agent=user_agent)


def kept(who: Actor) -> list[Interaction]:
    with Session() as db:
        return queries.interactions_of(db, who.user_id)


def withdraw(who: Actor) -> None:
    with unit_of_work(who) as uow:
        privacy.withdraw_consent(uow, user_id=who.user_id, purpose=rules.PURPOSE)


def test_what_is_seen_with_consent_is_kept_once(ada: Actor, deliver_all: Deliver) -> None:
    told = seen()
    assert state(ada, told) == 1
    assert state(ada, told) == 1
    deliver_all()
    assert [one.id for one in kept(ada)] == [told.id]


def test_without_consent_nothing_is_kept(app: Flask, deliver_all: Deliver) -> None:
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
    assert state(bob, seen()) == 0
    deliver_all()
    assert kept(bob) == []
    assert service(InteractionLog).count() == 0


def test_a_yes_to_an_older_text_does_not_count(ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PURPOSES, rules.PURPOSE, Purpose(rules.PURPOSE, "2031-01", "Something new."))
    assert state(ada, seen()) == 0


def test_a_crawler_with_someones_cookie_is_not_that_person(ada: Actor) -> None:
    assert state(ada, seen(), user_agent="Googlebot/2.1") == 0


def test_the_log_does_not_know_who_it_is(ada: Actor, deliver_all: Deliver) -> None:
    state(ada, seen())
    deliver_all()
    (logged,) = service(InteractionLog).everything()
    assert ada.user_id not in repr(logged)


def test_what_was_stated_before_the_consent_was_taken_back_is_not_kept_after(ada: Actor, deliver_all: Deliver) -> None:
    state(ada, seen())
    withdraw(ada)
    deliver_all()
    assert service(InteractionLog).count() == 0


def test_taking_the_consent_back_deletes_what_was_collected(ada: Actor, deliver_all: Deliver) -> None:
    state(ada, seen(), seen(at=utc_now() - timedelta(minutes=1)))
    deliver_all()
    assert len(kept(ada)) == 2
    withdraw(ada)
    deliver_all()
    assert kept(ada) == []
    assert service(InteractionLog).count() == 0
    assert state(ada, seen()) == 0


def test_who_agrees_again_begins_anew_under_another_name(ada: Actor, deliver_all: Deliver) -> None:
    state(ada, seen())
    deliver_all()
    (before,) = service(InteractionLog).everything()
    withdraw(ada)
    deliver_all()
    with unit_of_work(ada) as uow:
        privacy.give_consent(uow, user_id=ada.user_id, purpose=rules.PURPOSE)
    state(ada, seen())
    deliver_all()
    (after,) = service(InteractionLog).everything()
    assert after.person != before.person


def test_bookings_payments_sessions_and_feedback_are_noted_from_facts(ada: Actor, deliver_all: Deliver) -> None:
    with unit_of_work() as uow:
        grace = make.consultant(uow)
        start = make.slot(uow, grace)
        booking = make.completed_booking(uow, client=ada, consultant=grace, start=start)
    with unit_of_work(now=start + timedelta(hours=2)) as uow:
        make.feedback(uow, booking, client=ada)
    deliver_all()
    found = {one.kind: one for one in kept(ada)}
    assert found.keys() == {"booking", "payment", "session", "feedback"}
    assert {one.consultant_id for one in found.values()} == {grace.id}
    paid = found["payment"]
    assert (paid.value_minor, paid.channel, paid.starts_at) == (48_000, "video", start)


def test_a_question_and_a_search_on_the_pages_are_noted_with_what_they_are_about(
    ada: Actor, app: Flask, deliver_all: Deliver
) -> None:
    from zhixun.features.catalog import actions as catalog

    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
    visitor = Visitor(app, ada)
    visitor.get("/match?q=公司要裁员，138 0013 8000 让我签字").close()
    visitor.get("/consultants?q=失眠").close()
    deliver_all()
    found = {one.kind: one for one in kept(ada)}
    assert found["search"].text == "失眠"
    assert "138" not in found["question"].text
    assert "field=legal" in found["question"].labels


def test_a_question_that_speaks_of_danger_is_never_noted(ada: Actor, app: Flask, deliver_all: Deliver) -> None:
    from zhixun.features.catalog import actions as catalog

    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
    Visitor(app, ada).get("/match?q=我不想活了").close()
    deliver_all()
    assert kept(ada) == []


def test_the_beacon_comes_only_with_consent_and_goes_at_once(ada: Actor, app: Flask) -> None:
    assert "beacon" not in Visitor(app).get("/").text
    visitor = Visitor(app, ada)
    assert "behaviour/beacon" in visitor.get("/").text
    visitor.post("/me/consents/behaviour", given="0")
    assert "beacon" not in visitor.get("/").text
    visitor.post("/me/consents/behaviour", given="1")
    assert "behaviour/beacon" in visitor.get("/").text
