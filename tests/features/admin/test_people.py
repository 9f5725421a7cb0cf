"""Who holds which role of the house: given and taken by an administrator, never the last one taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.accounts import actions, queries
from zhixun.features.accounts.rules import RightNeeded
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def roles_of(user_id: str) -> frozenset[str]:
    with Session() as db:
        return queries.person(db, user_id).roles


def people() -> tuple[Actor, Actor]:
    with unit_of_work() as uow:
        return make.operator(uow), make.client(uow)


def test_an_administrator_finds_someone_and_gives_and_takes_roles(app: Flask) -> None:
    olga, ada = people()
    desk = Visitor(app, olga, english=True)
    assert "Nobody has an account" in words(desk.get("/ops/people?email=nobody@example.com"))
    page = desk.get("/ops/people?email=ada@example.com")
    assert "ada@example.com" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    desk.post(f"/ops/people/{ada.user_id}", roles=["finance", "reviewer"])
    assert roles_of(ada.user_id) == {"client", "operator", "finance", "reviewer"}
    assert "Saved." in words(desk.get("/ops/people"))
    desk.post(f"/ops/people/{ada.user_id}", roles=["reviewer"])
    assert roles_of(ada.user_id) == {"client", "reviewer"}
    assert Visitor(app, ada).get("/ops").status_code == 403


def test_the_last_administrator_stays(app: Flask) -> None:
    olga, _ = people()
    desk = Visitor(app, olga, english=True)
    desk.post(f"/ops/people/{olga.user_id}", roles=["support"])
    assert "at least one administrator" in words(desk.get("/ops/people"))
    assert "administrator" in roles_of(olga.user_id)


def test_two_administrators_who_dismiss_each_other_leave_one(db_url: str) -> None:
    with unit_of_work() as uow:
        pair = [make.operator(uow, "Olga"), make.operator(uow, "Oleg")]

    def dismiss(number: int) -> bool:
        try:
            with unit_of_work(pair[number]) as uow:
                actions.appoint(uow, user_id=pair[1 - number].user_id, roles=[])
        except actions.LastAdministrator:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(dismiss, (0, 1))) == [False, True]


def test_the_same_twice_states_one_fact(db_url: str) -> None:
    olga, ada = people()
    with unit_of_work(olga) as uow:
        for _ in range(2):
            actions.appoint(uow, user_id=ada.user_id, roles=["support"])
        (fact,) = uow.facts
    assert (fact.user_id, fact.by_id, fact.given, fact.taken) == (ada.user_id, olga.user_id, "support", "")


def test_nobody_else_may_and_nothing_unknown_is_given(app: Flask) -> None:
    olga, ada = people()
    with unit_of_work() as uow:
        fay = make.operator(uow, "Fay", role="finance")
    for someone in (ada, fay):
        assert Visitor(app, someone).get("/ops/people").status_code == 403
        assert Visitor(app, someone).post(f"/ops/people/{someone.user_id}", roles=["administrator"]).status_code == 403
        with pytest.raises(RightNeeded), unit_of_work(someone) as uow:
            actions.appoint(uow, user_id=someone.user_id, roles=["administrator"])
    for wrong in ("operator", "client", "system", "king"):
        with pytest.raises(Invalid), unit_of_work(olga) as uow:
            actions.appoint(uow, user_id=ada.user_id, roles=[wrong])
    with pytest.raises(NotFound), unit_of_work(olga) as uow:
        actions.appoint(uow, user_id=new_id(), roles=["support"])
