"""Keys for programs: shown once, in one's own name, ended at once; a key that may only read changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests import make
from tests.features.api.conftest import Program
from tests.visitor import STATEMENTS_MAX, Visitor, statements, words
from zhixun.events.accounts import SafetyChanged
from zhixun.features.accounts import actions as accounts
from zhixun.features.api import actions, handlers, queries, rules
from zhixun.kernel.errors import Invalid
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id, utc_now


@pytest.fixture
def ada(house):
    with unit_of_work() as uow:
        return make.client(uow, "Ida", language="en")


def made(person, *, read_only: bool = False, days: int = 30) -> str:
    with unit_of_work(person) as uow:
        return actions.make_key(uow, key_id=new_id(), name="My script", days=days, read_only=read_only)


def test_a_key_is_made_shown_once_used_and_ended(house, ada):
    page = Visitor(house.app, ada, english=True)
    assert "None. You need one only" in words(page.get("/me/keys"))
    shown = page.post("/me/keys", key_id=new_id(), name=" My  script ", days="90", read_only="yes")
    (token,) = re.findall(r"zk_[A-Za-z0-9_-]{43}", shown.text)
    assert shown.headers["Cache-Control"] == "no-store"
    listed = page.get("/me/keys")
    assert statements(listed) <= STATEMENTS_MAX
    assert ("My script" in words(listed), token in listed.text) == (True, False)
    program = Program(house.app.test_client(), token)
    assert program.get("/me").json["id"] == ada.user_id
    assert "last used" in words(page.get("/me/keys"))
    key_id = re.search(r"/me/keys/([0-9a-f]{32})/end", listed.text)[1]
    assert page.post(f"/me/keys/{key_id}/end").status_code == 303
    assert program.get("/me").status_code == 401


def test_a_key_that_only_reads_changes_nothing(house, ada):
    reader = Program(house.app.test_client(), made(ada, read_only=True))
    refused = reader.post("/bookings", {"service_id": house.service_id, "start": house.free()})
    assert (refused.status_code, refused.json["code"]) == (403, "key_reads_only")
    assert reader.get("/bookings").status_code in (200, 404)
    writer = Program(house.app.test_client(), made(ada))
    assert writer.post("/bookings", {"service_id": house.service_id, "start": house.free()}).status_code == 201


def test_a_key_ends_with_its_time_and_is_then_forgotten(house, ada):
    token = made(ada)
    later = utc_now() + timedelta(days=31)
    with Session() as db:
        assert queries.holder_of(db, token, later) is None
        assert queries.keys_of(db, ada.user_id, later) == []
    with unit_of_work(now=later) as uow:
        actions.forget_ended_keys(uow)
    assert actions.use_key(token) is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"name": " "}, "which program"), ({"name": "x" * 61}, "at most 60"), ({"days": "9999"}, "30, 90 or 365"),
     ({"days": "x"}, "30, 90 or 365")],
)  # fmt: skip
def test_a_wrong_form_says_what_and_keeps_what_was_typed(house, ada, given, sentence):
    page = Visitor(house.app, ada, english=True)
    answer = page.post("/me/keys", **{"key_id": new_id(), "name": "My script", "days": "30", **given})
    assert (answer.status_code, sentence in words(answer)) == (400, True)
    assert "zk_" not in answer.text


def test_sent_twice_it_is_made_once_and_the_eleventh_is_refused(house, ada):
    with unit_of_work(ada) as uow:
        key_id = new_id()
        actions.make_key(uow, key_id=key_id, name="One", days=30, read_only=True)
        with pytest.raises(actions.KeyExists):
            actions.make_key(uow, key_id=key_id, name="One", days=30, read_only=True)
        for _ in range(rules.KEYS_MAX - 1):
            actions.make_key(uow, key_id=new_id(), name="Another", days=30, read_only=True)
        with pytest.raises(actions.TooManyKeys):
            actions.make_key(uow, key_id=new_id(), name="Eleventh", days=30, read_only=True)
        with pytest.raises(Invalid):
            actions.make_key(uow, key_id=new_id(), name="", days=30, read_only=True)


def test_nobody_ends_anothers_key(house, ada):
    token = made(ada)
    with Session() as db:
        (line,) = queries.keys_of(db, ada.user_id, utc_now())
    with unit_of_work() as uow:
        other = make.client(uow, "Eve")
    assert Visitor(house.app, other).post(f"/me/keys/{line.id}/end").status_code == 303
    assert Visitor(house.app).get("/me/keys").status_code == 303
    assert actions.use_key(token) is not None
    for nonsense in ("zk_", "zk_" + "x" * 43, "zk_\x00", "zk_\ud800"):
        assert actions.use_key(nonsense) is None


def test_making_a_key_is_told_and_a_password_set_anew_by_mail_ends_all_of_them(house, ada):
    with unit_of_work(ada) as uow:
        token = actions.make_key(uow, key_id=new_id(), name="Not mine", days=365, read_only=False)
        assert [fact.change for fact in uow.facts if isinstance(fact, SafetyChanged)] == ["key_made"]
        link = accounts.make_password_link(uow, link_id=new_id(), user_id=ada.user_id)
    with unit_of_work(ada) as uow:
        handlers.end_keys(SafetyChanged(user_id=ada.user_id, change="password_changed", at=uow.now.isoformat()))
    assert actions.use_key(token) is not None
    with unit_of_work() as uow:
        accounts.reset_password(uow, token=link, password_hash=accounts.hash_password("another-password"))
        (fact,) = [fact for fact in uow.facts if isinstance(fact, SafetyChanged)]
    handlers.end_keys(fact)
    assert actions.use_key(token) is None
