"""A profile follows what is done, is corrected by its person, and goes with the consent."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.behaviour import actions as behaviour
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.catalog import actions as catalog
from zhixun.features.privacy import actions as privacy
from zhixun.features.profiles import actions, commands, jobs, queries
from zhixun.features.profiles.queries import ProfileView
from zhixun.kernel.errors import Invalid
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, utc_now

Deliver = Callable[[], None]
TOPIC = "topic=labour-dismissal"


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def agreeing(name: str = "Ada") -> Actor:
    with unit_of_work() as uow:
        person = make.client(uow, name)
        privacy.give_consent(uow, user_id=person.user_id, purpose="behaviour")
    return person


@pytest.fixture
def ada(app: Flask) -> Actor:
    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
    return agreeing()


def look_at(who: Actor, consultant_id: str, kind: str = "view") -> None:
    with unit_of_work(who) as uow:
        said = Interaction(new_id(), kind, f"consultant:{consultant_id}", utc_now())
        behaviour.state_interactions(uow, interactions=[said])


def listed(topic: str = "labour-dismissal", field: str = "legal") -> str:
    with unit_of_work() as uow:
        return make.listed(uow, field_id=field, topic_ids=[topic])


def profile(who: Actor) -> ProfileView:
    with Session() as db:
        return queries.profile_of(db, who.user_id)


def test_looking_at_a_consultant_tells_of_their_topics(ada: Actor, deliver_all: Deliver) -> None:
    assert not profile(ada).known
    look_at(ada, listed())
    deliver_all()
    assert profile(ada).vector[TOPIC] > 0
    assert profile(ada).sources[TOPIC] == {"view": 1}


def test_taking_the_consent_back_leaves_no_profile(ada: Actor, deliver_all: Deliver) -> None:
    look_at(ada, listed())
    deliver_all()
    with unit_of_work(ada) as uow:
        actions.correct(uow, label=TOPIC, verdict="wrong")
        privacy.withdraw_consent(uow, user_id=ada.user_id, purpose="behaviour")
    deliver_all()
    assert profile(ada) == ProfileView(ada.user_id)


def test_what_is_called_wrong_stays_away_when_the_profile_is_made_anew(ada: Actor, deliver_all: Deliver) -> None:
    grace = listed()
    look_at(ada, grace)
    deliver_all()
    with unit_of_work(ada) as uow:
        actions.correct(uow, label=TOPIC, verdict="wrong")
    look_at(ada, grace, "click")
    deliver_all()
    assert TOPIC not in profile(ada).vector
    with unit_of_work(ada) as uow:
        actions.take_back_correction(uow, label=TOPIC)
    assert TOPIC in profile(ada).vector


def test_of_each_habit_one_is_chosen(ada: Actor, deliver_all: Deliver) -> None:
    look_at(ada, listed())
    deliver_all()
    with unit_of_work(ada) as uow:
        actions.choose_habit(uow, name="channel", value="voice")
        actions.choose_habit(uow, name="channel", value="text")
    assert profile(ada).habits.channel == "text"
    with unit_of_work(ada) as uow:
        actions.choose_habit(uow, name="channel", value="")
    assert profile(ada).habits.channel == ""


@pytest.mark.parametrize(
    "label", ["", "topic=", "channel=smoke", "consultant=me", "role=operator", "topic=" + "x" * 90, "topic=\u0000"]
)
def test_what_is_no_label_is_refused(ada: Actor, label: str) -> None:
    with pytest.raises(Invalid), unit_of_work(ada) as uow:
        actions.correct(uow, label=label, verdict="wrong")
    with pytest.raises(Invalid), unit_of_work(ada) as uow:
        actions.correct(uow, label=TOPIC, verdict="perhaps")


def test_the_nightly_work_makes_segments_and_says_so(
    ada: Actor, deliver_all: Deliver, capsys: pytest.CaptureFixture[str]
) -> None:
    lawyers, doctors = listed(), listed("sleep", "health")
    people = [agreeing(f"P{n}") for n in range(14)]
    for n, person in enumerate(people):
        look_at(person, lawyers if n % 2 else doctors, "save")
    deliver_all()
    assert commands._build(Namespace(json=True, trainer="local")) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["people"], [one["people"] for one in said["segments"]]) == (14, [7, 7])
    assert all(one["name"]["zh"].startswith("关心") for one in said["segments"])
    assert profile(people[0]).segment == profile(people[2]).segment != profile(people[1]).segment
    look_at(ada, lawyers)
    deliver_all()
    assert profile(ada).segment == profile(people[1]).segment


def test_nothing_was_done_so_there_is_nothing_to_learn(ada: Actor) -> None:
    jobs.build_nightly()
    with Session() as db:
        assert queries.model(db).people_count == 0
        assert queries.segments(db) == []


def test_the_page_shows_each_interest_with_its_source_and_a_way_to_correct_it(
    ada: Actor, app: Flask, deliver_all: Deliver
) -> None:
    look_at(ada, listed())
    deliver_all()
    visitor = Visitor(app, ada, english=True)
    page = visitor.get("/me/profile")
    assert statements(page) <= STATEMENTS_MAX
    assert "1 page looked at" in words(page)
    answer = visitor.post("/me/profile/corrections", label=TOPIC, verdict="wrong")
    said = words(visitor.follow(answer))
    assert "You said these are wrong" in said
    visitor.post("/me/profile/corrections", label=TOPIC, verdict="")
    assert "You said these are wrong" not in words(visitor.get("/me/profile"))
    visitor.post("/me/profile/habits", channel="text", hours="evening", language="")
    assert profile(ada).habits.hours == "evening"


def test_what_was_noted_often_is_said_once_with_how_often_and_when_last(
    ada: Actor, app: Flask, deliver_all: Deliver
) -> None:
    consultant_id = listed()
    for _ in range(3):
        look_at(ada, consultant_id)
    look_at(ada, consultant_id, "click")
    deliver_all()
    noted = words(Visitor(app, ada, english=True).get("/me/profile")).split("What was noted last")[1]
    assert noted.count("looked at") == 1
    assert "3 pages looked at" in noted
    assert "1 click" in noted
    assert noted.count("last ") == 1


def test_without_consent_the_page_says_that_nothing_is_collected(app: Flask) -> None:
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
    page = Visitor(app, bob, english=True).get("/me/profile")
    assert "Nothing is collected about you" in words(page)
    assert Visitor(app).get("/me/profile").status_code in (302, 303)


def test_who_is_not_wanted_can_be_shown_again(ada: Actor, app: Flask) -> None:
    grace = listed()
    visitor = Visitor(app, ada, english=True)
    visitor.post("/me/profile/corrections", label=f"consultant={grace}", verdict="wrong")
    assert profile(ada).not_interested == {grace}
    assert "Not interested in" in words(visitor.get("/me/profile"))
    visitor.post("/me/profile/corrections", label=f"consultant={grace}", verdict="")
    assert profile(ada).not_interested == frozenset()


def test_a_correction_leads_nowhere_else(ada: Actor, app: Flask) -> None:
    answer = Visitor(app, ada).post(
        "/me/profile/corrections", label=TOPIC, verdict="wrong", next="https://evil.example"
    )
    assert answer.headers["Location"].endswith("/me/profile")
