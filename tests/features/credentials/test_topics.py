"""The topics an applicant chooses are those of their field, and stand on the page of the consultant taken on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.features.credentials.test_checking import WISH, reviewer, verified
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.catalog import actions as catalog_actions
from zhixun.features.catalog import queries as catalog
from zhixun.features.credentials import actions, queries
from zhixun.kernel.errors import Invalid
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

TYPED = {
    "field": "career", "title": "Coach", "line": "I help with offers", "about": "Ten years of hiring people.",
    "city": "Xi'an", "years": "9", "price": "300",
}  # fmt: skip


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    with unit_of_work() as uow:
        catalog_actions.put_house_fields(uow)
    return made


@pytest.fixture
def ada(app: Flask) -> Actor:
    with unit_of_work() as uow:
        return make.client(uow)


def apply(who: Actor, *topics: str, field_id: str = "career") -> str:
    with unit_of_work(who) as uow:
        return actions.apply(
            uow, application_id=new_id(), wish=replace(WISH, field_id=field_id, topic_ids=topics)
        )  # fmt: skip


def accept(application_id: str, who: Actor) -> tuple[str, ...]:
    reviewers = [reviewer(name) for name in ("Rosa", "Max")]
    for kind in ("identity", "work"):
        verified(who, *reviewers, kind=kind)
    with unit_of_work() as uow:
        olga = make.operator(uow)
    with unit_of_work(olga) as uow:
        actions.accept_application(uow, application_id=application_id)
    with Session() as db:
        return catalog.consultant(db, who.user_id).card.topic_ids


def test_what_was_chosen_stands_on_the_page_of_whom_the_house_takes_on(ada: Actor) -> None:
    assert accept(apply(ada, "interviews", "offer-pay", "interviews"), ada) == ("interviews", "offer-pay")


def test_a_topic_that_the_field_has_no_longer_is_left_out(ada: Actor) -> None:
    application = apply(ada, "interviews", "offer-pay")
    with unit_of_work() as uow:
        olga = make.operator(uow)
        field = catalog.field(uow.db, "career")
    with unit_of_work(olga) as uow:
        kept = tuple(topic for topic in field.topics if topic.id != "offer-pay")
        catalog_actions.edit_field(uow, field=replace(field, topics=kept))
    assert accept(application, ada) == ("interviews",)


@pytest.mark.parametrize(
    ("topics", "field_id", "wrong"),
    [
        ((), "career", "topics"), (("gaokao",), "career", "topics"), (("interviews", "nonsense"), "career", "topics"),
        (("interviews",), "astrology", "field"),
    ],
)  # fmt: skip
def test_what_is_no_topic_of_the_field_is_refused(
    ada: Actor, topics: tuple[str, ...], field_id: str, wrong: str
) -> None:
    with pytest.raises(Invalid) as refused:
        apply(ada, *topics, field_id=field_id)
    assert list(refused.value.fields) == [wrong]
    with Session() as db:
        assert queries.application_of(db, ada.user_id) is None


def test_a_field_without_topics_asks_for_none(ada: Actor) -> None:
    with unit_of_work() as uow:
        field = catalog.field(uow.db, "career")
        olga = make.operator(uow)
    with unit_of_work(olga) as uow:
        catalog_actions.add_field(uow, field=replace(field, id="music", topics=()))
    assert apply(ada, field_id="music")


def test_the_form_asks_keeps_what_was_ticked_and_counts_the_chosen_field_only(app: Flask, ada: Actor) -> None:
    page, chinese = Visitor(app, ada, english=True), Visitor(app, ada)
    blank = page.get("/become-a-consultant")
    assert statements(blank) <= STATEMENTS_MAX
    assert 'name="topic-career" value="interviews">' in blank.text
    assert 'name="topic-education" value="gaokao">' in blank.text
    refused = page.post("/become-a-consultant", **TYPED)
    assert refused.status_code == 400
    assert "Choose one topic at least" in words(refused)
    assert "I help with offers" in refused.text
    assert "请至少选一个主题" in words(chinese.post("/become-a-consultant", **TYPED))
    ticked = {"topic-career": ["interviews", "offer-pay"], "topic-education": ["gaokao"]}
    refused = page.post("/become-a-consultant", **(TYPED | {"price": "a lot"} | ticked))
    assert refused.status_code == 400
    assert 'value="interviews" checked' in refused.text
    assert 'value="career" checked' in refused.text
    assert page.post("/become-a-consultant", **(TYPED | ticked)).status_code == 303
    with Session() as db:
        application = queries.application_of(db, ada.user_id)
    assert application is not None
    assert application.wish.topic_ids == ("interviews", "offer-pay")
    assert 'value="offer-pay" checked' in page.get("/become-a-consultant").text
    with unit_of_work() as uow:
        olga = make.operator(uow)
    assert "Topics Interviews, Offers" in words(Visitor(app, olga, english=True).get("/ops/applications"))


def test_a_field_must_be_chosen(app: Flask, ada: Actor) -> None:
    refused = Visitor(app, ada, english=True).post("/become-a-consultant", **(TYPED | {"field": ""}))
    assert refused.status_code == 400
    assert "Please choose a field." in words(refused)
