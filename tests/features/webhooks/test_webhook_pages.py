"""The desk's pages of webhooks: add, see, change, renew, test, remove; refusals keep what was typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.webhooks import queries
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id

URL = "https://crm.example.com/zhixun"


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def olga(app: Flask) -> Visitor:
    with unit_of_work() as uow:
        return Visitor(app, make.operator(uow), english=True)


def add(visitor: Visitor, **given: object) -> str:
    endpoint_id = new_id()
    form = {"endpoint_id": endpoint_id, "url": URL, "description": "Our CRM", "kinds": ["booking.confirmed"], **given}
    assert visitor.post("/ops/webhooks", **form).status_code == 303
    return endpoint_id


def test_add_it_see_its_secret_send_it_a_test_and_take_it_away(olga: Visitor) -> None:
    assert "No program yet" in words(olga.get("/ops/webhooks"))
    mine = add(olga)
    page = olga.get(f"/ops/webhooks/{mine}")
    assert "Our CRM" in words(page)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)
    assert secret
    olga.post(f"/ops/webhooks/{mine}/secret")
    assert secret[0] not in olga.get(f"/ops/webhooks/{mine}").text
    test = new_id()
    for _ in range(2):
        assert olga.post(f"/ops/webhooks/{mine}/test", delivery_id=test).status_code == 303
    page = olga.get(f"/ops/webhooks/{mine}")
    assert page.text.count("<summary>ping</summary>") == 1
    assert statements(page) <= STATEMENTS_MAX
    assert olga.post(f"/ops/webhooks/{mine}/removal").status_code == 303
    assert olga.get(f"/ops/webhooks/{mine}").status_code == 404


def test_a_refused_form_keeps_what_was_typed(olga: Visitor) -> None:
    wrong = olga.post("/ops/webhooks", url="gopher://x", description="Our CRM", kinds=["session.completed"])
    assert wrong.status_code == 400
    assert 'value="gopher://x"' in wrong.text
    assert 'value="Our CRM"' in wrong.text
    assert re.search(r'value="session.completed" checked', wrong.text)
    mine = add(olga)
    none = olga.post(f"/ops/webhooks/{mine}", url=URL, description="", active="yes")
    assert (none.status_code, "Choose at least one" in words(none)) == (400, True)


def test_switching_it_off_needs_no_more_than_a_tick(olga: Visitor) -> None:
    mine = add(olga)
    olga.post(f"/ops/webhooks/{mine}", url=URL, description="", kinds=["booking.held"])
    with Session() as db:
        found = queries.endpoint(db, mine)
    assert (found.active, found.kinds) == (False, ("booking.held",))
    assert olga.post(f"/ops/webhooks/{mine}/test").status_code == 409


@pytest.mark.parametrize("path", ["", "/removal", "/secret", "/test", f"/deliveries/{'0' * 32}"])
def test_nobody_else_may(app: Flask, olga: Visitor, path: str) -> None:
    mine = add(olga)
    with unit_of_work() as uow:
        ada, fay = Visitor(app, make.client(uow)), Visitor(app, make.operator(uow, "Fay", role="finance"))
    for someone, status in ((ada, 403), (fay, 403), (Visitor(app), 303)):
        assert someone.post(f"/ops/webhooks/{mine}{path}").status_code == status
    assert fay.get("/ops/webhooks").status_code == 403
    assert olga.get(f"/ops/webhooks/{mine}").status_code == 200


def test_what_is_no_id_is_not_found(olga: Visitor) -> None:
    assert olga.get("/ops/webhooks/x").status_code == 404
    assert olga.post(f"/ops/webhooks/{add(olga)}/deliveries/x").status_code == 404
