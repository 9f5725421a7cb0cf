"""Suggestions while typing, saved consultants, and up to three side by side: all without a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.catalog import actions as catalog
from zhixun.features.profiles import queries as profiles
from zhixun.features.search import rules
from zhixun.features.search.handlers import bring_up_to_date
from zhixun.features.search.rules import Suggested
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Words, new_id


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
    return made


@pytest.fixture
def ada(app: Flask) -> Actor:
    with unit_of_work() as uow:
        return make.client(uow)


def listed(name: str, **page: object) -> str:
    with unit_of_work() as uow:
        made = make.listed(uow, name, hours=make.AROUND_THE_CLOCK, **page)  # type: ignore[arg-type]
    bring_up_to_date([made])
    return made


NAMED = [
    Suggested("field", "legal", Words("法律", "Legal")),
    Suggested("topic", "divorce", Words("离婚与抚养", "Divorce and custody"), "legal"),
    Suggested("consultant", "chen-shuning", Words("陈书宁", "Chen Shuning")),
]


@pytest.mark.parametrize(
    ("typed", "first"),
    [("离", "divorce"), ("lihun", "divorce"), ("LI HUN", "divorce"), ("custody", "divorce"), ("chens", "chen-shuning"),
     ("shun", "chen-shuning"), ("陈书", "chen-shuning"), ("fal", "legal"), ("分手", "divorce")],
)  # fmt: skip
def test_first_letters_sounds_and_synonyms_are_understood(typed: str, first: str) -> None:
    assert rules.suggestions(typed, NAMED, {"divorce": ["分手"]})[0].key == first


@pytest.mark.parametrize("typed", ["", "   ", "zzz", "%", "<b>"])
def test_what_begins_nothing_suggests_nothing(typed: str) -> None:
    assert rules.suggestions(typed, NAMED, {}) == []


def test_chinese_words_are_found_by_their_sound_and_by_one_that_sounds_alike(app: Flask) -> None:
    listed("Lars", topic_ids=["labour-dismissal"], line=Words("裁员与补偿", "Layoffs"))
    visitor = Visitor(app, english=True)
    for asked in ("caiyuan", "caiyuam", "财员"):
        assert "1 consultant" in words(visitor.get(f"/consultants?q={asked}")), asked


def test_suggestions_are_a_page_without_a_script_and_json_with_one(app: Flask) -> None:
    listed("Grace")
    visitor = Visitor(app, english=True)
    page = visitor.get("/suggest?q=gra")
    assert statements(page) <= STATEMENTS_MAX
    assert "Did you mean" in words(page)
    assert "Grace" in words(page)
    answer = app.test_client().get("/en/suggest?q=gra", headers={"Accept": "application/json"})
    (one,) = [item for item in answer.json["items"] if item["kind"] == "consultant"]
    assert one["url"].startswith("/en/c/grace-")
    assert app.test_client().get("/suggest", headers={"Accept": "application/json"}).json == {"items": []}


def test_a_consultant_is_saved_once_found_again_and_taken_off(app: Flask, ada: Actor) -> None:
    grace = listed("Grace")
    visitor = Visitor(app, ada, english=True)
    for _ in range(2):
        assert visitor.post("/me/saved", consultant_id=grace, saved="1").status_code == 303
    with Session() as db:
        assert profiles.saved_by(db, ada.user_id) == [grace]
    page = visitor.get("/me/saved")
    assert statements(page) <= STATEMENTS_MAX
    assert "Grace" in words(page)
    theirs = visitor.get(f"/c/grace-{grace[-8:]}")
    assert "Saved · take off" in words(theirs)
    assert statements(theirs) <= STATEMENTS_MAX
    assert re.search(r'name="saved" value="0"', theirs.text), "and is taken off where it stands"
    visitor.post("/me/saved", consultant_id=grace, saved="0")
    assert "Save for later" in words(visitor.get(f"/c/grace-{grace[-8:]}"))
    assert "Nobody saved yet" in words(visitor.get("/me/saved"))


def test_who_is_not_there_cannot_be_saved_and_who_is_nobody_cannot_save(app: Flask, ada: Actor) -> None:
    assert Visitor(app, ada).post("/me/saved", consultant_id=new_id(), saved="1").status_code == 404
    assert Visitor(app, ada).post("/me/saved", consultant_id="x' OR 1", saved="1").status_code == 404
    assert Visitor(app).post("/me/saved", consultant_id=listed("Grace"), saved="1").status_code in (302, 303)


def test_three_are_compared_by_address_or_id_and_no_more(app: Flask) -> None:
    made = [listed(name) for name in ("Grace", "Hopper", "Lena", "Lars")]
    visitor = Visitor(app, english=True)
    asked = f"grace-{made[0][-8:]},{made[1]}&with=lena-{made[2][-8:]}&with={made[3]}"
    page = visitor.get(f"/compare?with={asked}")
    said = words(page)
    assert statements(page) <= STATEMENTS_MAX
    assert all(name in said for name in ("Grace", "Hopper", "Lena"))
    assert "Lars" not in said


@pytest.mark.parametrize("asked", ["", "nobody", "a,b,c", "' OR 1=1", "x" * 300])
def test_nobody_to_compare_is_said_kindly(app: Flask, asked: str) -> None:
    page = Visitor(app, english=True).get(f"/compare?with={asked}")
    assert page.status_code == 200
    assert "Nobody to compare yet" in words(page)
