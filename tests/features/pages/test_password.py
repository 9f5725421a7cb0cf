"""A new password takes the old one, and leaves nobody else signed in."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import Visitor, house, words
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts.actions import WrongPassword
from zhixun.kernel.unit_of_work import unit_of_work

NEW = "a new and longer one"


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def test_a_new_password_takes_the_old_one_and_signs_everyone_else_out(app: Flask) -> None:
    with unit_of_work() as uow:
        ada = make.client(uow)
    here, there = Visitor(app, ada, english=True), Visitor(app, ada)
    wrong = here.post("/me/password", old_password="not this one", new_password=NEW)
    assert (wrong.status_code, "The address or the password is not right." in words(wrong)) == (401, True)
    short = here.post("/me/password", old_password=make.PASSWORD, new_password="short")
    assert (short.status_code, "A password has at least 10 characters." in words(short)) == (400, True)
    assert here.post("/me/password", old_password=make.PASSWORD, new_password=NEW).status_code == 303
    assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 303)
    assert accounts.check_credentials(email="ada@example.com", password=NEW) == ada.user_id
    with pytest.raises(WrongPassword):
        accounts.check_credentials(email="ada@example.com", password=make.PASSWORD)
