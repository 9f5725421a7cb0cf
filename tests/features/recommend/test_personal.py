"""Suggestions without a question: by the published score, told truly, gone when not wanted, and within a second."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.adapters.trainer.local import LocalTrainer
from zhixun.features.behaviour import actions as behaviour
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.privacy import actions as privacy
from zhixun.features.quality.queries import NOTHING_YET
from zhixun.features.recommend import actions, queries, rules
from zhixun.features.recommend.rules import choices as choosing
from zhixun.features.recommend.rules.choices import Choice
from zhixun.features.search.handlers import bring_up_to_date
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, utc_now

Deliver = Callable[[], None]
NOW = make.NOW


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
    return made


@pytest.fixture
def ada(app: Flask) -> Actor:
    with unit_of_work() as uow:
        ada = make.client(uow)
        privacy.give_consent(uow, user_id=ada.user_id, purpose="behaviour")
    return ada


def listed(name: str, topic: str = "labour-dismissal", field: str = "legal") -> str:
    with unit_of_work() as uow:
        made = make.listed(uow, name, field_id=field, topic_ids=[topic], hours=make.AROUND_THE_CLOCK)
    bring_up_to_date([made])
    return made


def do(who: Actor, kind: str, consultant_id: str) -> None:
    with unit_of_work(who) as uow:
        said = Interaction(new_id(), kind, f"consultant:{consultant_id}", utc_now())
        behaviour.state_interactions(uow, interactions=[said])


def suggested(who: Actor) -> list[str]:
    with Session() as db:
        return [one.id for one in queries.stored_for(db, who.user_id)]


def test_the_published_score_is_the_cosine_of_interest_and_features() -> None:
    interest = rules.interest_vector({"topic=a": 0.8, "field=x": 0.6})
    features = {"topic=a": 0.8, "quality": 0.6}
    assert rules.score(interest, features) == pytest.approx(interest["topic=a"] * 0.8 + interest["quality"] * 0.6)
    assert math.isclose(sum(weight**2 for weight in interest.values()), 1)
    assert rules.interest_vector({}) == {}


def test_what_others_chose_speaks_for_an_item_by_how_much_it_was_chosen() -> None:
    weights = {"grace": {"bob": 0.5}, "eve": {"bob": 0.1, "dan": 0.2}}
    assert choosing.scores_for(weights, {"grace": 1.0, "eve": 0.5}) == pytest.approx({"bob": 0.55, "dan": 0.1})


def test_a_price_fits_best_at_what_one_usually_pays() -> None:
    assert rules.price_fit(30_000, 30_000) == 1
    assert rules.price_fit(60_000, 30_000) == pytest.approx(rules.price_fit(15_000, 30_000))
    assert rules.price_fit(30_000, 0) == 0.5


def test_who_does_what_one_cares_about_comes_first_and_says_so(ada: Actor, deliver_all: Deliver) -> None:
    doctor, lawyer, other = listed("Dora", "sleep", "health"), listed("Lars"), listed("Lena")
    do(ada, "view", lawyer)
    deliver_all()
    assert set(suggested(ada)[:2]) == {lawyer, other}
    assert doctor not in suggested(ada)[:2]
    with Session() as db:
        first = queries.personal(db, ada.user_id, zone=ada.zone, language="en", now=utc_now())[0]
    assert len(first.reasons) == 2
    assert "You asked, looked or booked about" in first.reasons[0].en
    assert first.doubt.en == "Sessions are in Chinese only"
    assert sum(first.parts.values()) <= 100


def test_without_consent_or_deeds_nobody_is_suggested(app: Flask, deliver_all: Deliver) -> None:
    lawyer = listed("Lars")
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
    do(bob, "view", lawyer)
    deliver_all()
    assert suggested(bob) == []
    with Session() as db:
        assert queries.personal(db, bob.user_id, zone=bob.zone, language="zh", now=utc_now()) == []
        assert queries.personal(db, "", zone=bob.zone, language="zh", now=utc_now()) == []


def test_who_is_not_wanted_is_gone_at_once_and_comes_back_when_taken_back(
    ada: Actor, app: Flask, deliver_all: Deliver
) -> None:
    lawyer, other = listed("Lars"), listed("Lena")
    do(ada, "view", lawyer)
    deliver_all()
    visitor = Visitor(app, ada, english=True)
    assert visitor.post("/recommendations/dismissed", consultant_id=other).status_code == 303
    assert other not in suggested(ada)
    deliver_all()
    assert other not in suggested(ada)
    visitor.post("/me/profile/corrections", label=f"consultant={other}", verdict="")
    deliver_all()
    assert other in suggested(ada)
    assert visitor.post("/recommendations/dismissed", consultant_id="nobody").status_code == 400


def test_taking_the_consent_back_leaves_no_suggestions(ada: Actor, deliver_all: Deliver) -> None:
    do(ada, "view", listed("Lars"))
    deliver_all()
    with unit_of_work(ada) as uow:
        privacy.withdraw_consent(uow, user_id=ada.user_id, purpose="behaviour")
    deliver_all()
    assert suggested(ada) == []


def test_the_home_page_shows_them_with_reasons_doubt_and_how_it_came_about(
    ada: Actor, app: Flask, deliver_all: Deliver
) -> None:
    do(ada, "view", listed("Lars"))
    listed("Lena")
    visitor = Visitor(app, ada, english=True)
    assert "For you" not in words(visitor.get("/"))
    deliver_all()
    page = visitor.get("/")
    said = words(page)
    assert statements(page) <= STATEMENTS_MAX
    for told in (
        "For you",
        "You asked, looked or booked about",
        "Why do I see this?",
        "Not interested",
        "Sessions are in Chinese only",
    ):
        assert told in said
    assert "For you" not in words(Visitor(app, english=True).get("/"))


def test_those_who_chose_alike_make_a_reason(ada: Actor, app: Flask, deliver_all: Deliver) -> None:
    lawyer, doctor = listed("Lars"), listed("Dora", "sleep", "health")
    with unit_of_work() as uow:
        actions.replace_model(
            uow, trainer="local", weights={lawyer: {doctor: 0.4}}, trained_until=utc_now(), figures={}
        )
    do(ada, "view", lawyer)
    deliver_all()
    with Session() as db:
        (told,) = [
            one
            for one in queries.personal(db, ada.user_id, zone=ada.zone, language="en", now=utc_now())
            if one.card.id == doctor
        ]
    assert "People who chose someone you chose also chose this one" in [one.en for one in told.reasons]


def chosen(person: str, item: str, minutes: int, weight: float = 1.0) -> Choice:
    return Choice(person, item, weight, NOW + timedelta(minutes=minutes))


def couples(count: int = 12) -> list[Choice]:
    """Everyone chooses two of a kind, one after the other: a model can learn it, popularity cannot."""
    made = []
    for n in range(count):
        kind = "abc"[n % 3]
        made += (
            [chosen(f"p{n}", f"{kind}1", n), chosen(f"p{n}", f"{kind}2", n)]
            if n < 9
            else [chosen(f"p{n}", f"{kind}1", n)]
        )
    return [*made, *(chosen(f"p{n}", f"{'abc'[n % 3]}2", 100 + n) for n in range(9, count))]


def test_too_little_teaches_nothing() -> None:
    assert choosing.parts_of(couples()[:20], None) is None
    assert choosing.parts_of([chosen("p", f"i{n}", n) for n in range(60)], None) is None


def test_what_is_held_out_is_later_than_anything_the_live_model_has_seen() -> None:
    made = couples(30)
    parts = choosing.parts_of(made, NOW + timedelta(minutes=50))
    assert parts is not None
    assert min(one.at for one in parts.later) > NOW + timedelta(minutes=50)
    assert max(one.at for one in parts.earlier) <= min(one.at for one in parts.later)
    assert choosing.parts_of(made, NOW + timedelta(minutes=200)) is None


def test_the_local_trainer_learns_what_goes_together_and_hides_single_people() -> None:
    weights = LocalTrainer().item_weights(couples(30))
    assert max(weights["a1"], key=weights["a1"].__getitem__) == "a2"
    alone = LocalTrainer().item_weights([chosen("p", "a", 0), chosen("p", "b", 1)])
    assert alone == {}
    assert LocalTrainer().item_weights([]) == {}


def test_a_model_that_learnt_is_better_than_none_on_later_choices() -> None:
    parts = choosing.parts_of(couples(30), None)
    assert parts is not None
    learnt = choosing.quality_of(LocalTrainer().item_weights(parts.earlier), parts)
    assert learnt > choosing.quality_of({}, parts)
    assert learnt > 0.9


def test_features_are_field_topics_seniority_and_quality(app: Flask) -> None:
    lars = listed("Lars")
    with Session() as db:
        (card,) = catalog_queries.consultant_cards(db, [lars])
    assert set(rules.features_of(card, NOTHING_YET)) == {
        "field=legal",
        "topic=labour-dismissal",
        "seniority=senior",
        "quality",
    }
