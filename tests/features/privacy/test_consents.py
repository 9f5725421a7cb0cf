"""Who agreed to what, to which text, and took it back when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests import make
from zhixun.features.privacy import actions, queries, rules
from zhixun.kernel.errors import Invalid
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

NOW = make.NOW
LATER = NOW + timedelta(days=1)

pytestmark = pytest.mark.usefixtures("db_url")


def give(purpose="behaviour", at=NOW):
    with unit_of_work(now=at) as uow:
        actions.give_consent(uow, user_id="ada", purpose=purpose)


def withdraw(purpose="behaviour", at=LATER):
    with unit_of_work(now=at) as uow:
        actions.withdraw_consent(uow, user_id="ada", purpose=purpose)


def stands(purpose="behaviour", user="ada"):
    with Session() as db:
        return queries.has_consent(db, user, purpose)


def lines():
    with Session() as db:
        return queries.consents_of(db, "ada")


def test_nothing_is_agreed_to_until_someone_agrees():
    assert not stands()
    give()
    assert stands()
    assert not stands("news")
    assert not stands(user="bob")


def test_a_yes_is_recorded_once_with_its_text_and_time():
    give()
    give(at=LATER)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: give(), range(12)))
    [line] = lines()
    assert (line.purpose, line.version, line.given_at, line.withdrawn_at) == ("behaviour", "2026-12", NOW, None)


def test_a_yes_taken_back_stays_as_proof_and_can_be_given_again():
    give()
    withdraw()
    withdraw(at=LATER + timedelta(days=1))
    assert not stands()
    assert [line.withdrawn_at for line in lines()] == [LATER]
    give(at=LATER + timedelta(days=2))
    assert stands()
    assert [line.withdrawn_at for line in lines()] == [None, LATER]


def test_a_new_text_means_asking_again(monkeypatch):
    give()
    newer = replace(rules.PURPOSES["behaviour"], version="2027-03")
    monkeypatch.setitem(rules.PURPOSES, "behaviour", newer)
    assert not stands()
    give(at=LATER)
    assert stands()
    assert {line.version for line in lines()} == {"2026-12", "2027-03"}
    withdraw()
    assert not stands()
    assert all(line.withdrawn_at for line in lines())


def test_nobody_is_asked_about_what_does_not_exist():
    for deed in (give, withdraw, stands):
        with pytest.raises(Invalid):
            deed("selling_data")
    withdraw("news")
    assert lines() == []


def test_only_what_is_needed_is_needed():
    assert [purpose.name for purpose in rules.PURPOSES.values() if purpose.needed] == ["terms"]
    assert set(rules.AT_SIGN_UP) <= set(rules.PURPOSES)
