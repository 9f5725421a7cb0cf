"""The house keeps somebody who may appoint others, whoever asks to be erased."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import Visitor, house, words
from zhixun.features.privacy import actions
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def test_the_last_administrator_appoints_another_one_before_going(app: Flask) -> None:
    with unit_of_work() as uow:
        olga, ada = make.operator(uow, "Olga"), make.client(uow)
    said = "The house needs at least one administrator. Appoint another one first."
    page = Visitor(app, olga, english=True).get("/me/data")
    assert said in words(page)
    assert 'href="/en/ops/people"' in page.text
    assert said not in words(Visitor(app, ada, english=True).get("/me/data"))
    with pytest.raises(actions.StillOpen), unit_of_work(olga) as uow:
        actions.erase_person(uow, person_id=olga.user_id)
    with unit_of_work() as uow:
        make.operator(uow, "Oleg")
    with unit_of_work(olga) as uow:
        actions.erase_person(uow, person_id=olga.user_id)


def test_two_administrators_who_erase_themselves_at_once_leave_one(db_url: str) -> None:
    with unit_of_work() as uow:
        pair = [make.operator(uow, "Olga"), make.operator(uow, "Oleg")]

    def go(one: Actor) -> bool:
        try:
            with unit_of_work(one) as uow:
                actions.erase_person(uow, person_id=one.user_id)
        except actions.StillOpen:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(go, pair)) == [False, True]
