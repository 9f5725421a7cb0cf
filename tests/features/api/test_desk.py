"""Webhooks over REST: for who runs the house, and nobody else."""

from __future__ import annotations

import pytest

from tests import make
from tests.features.api.conftest import Program
from zhixun.features.accounts import actions as accounts
from zhixun.features.api import actions
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id

WANTED = {"url": "https://crm.example.com/zhixun", "kinds": ["booking.confirmed", "session.completed"]}


@pytest.fixture
def olga(house):
    with unit_of_work() as uow:
        token = accounts.sign_in(uow, user_id=make.operator(uow).user_id, kind="api").token
    return Program(house.app.test_client(), token)


def test_an_address_is_added_seen_tested_and_taken_away(olga):
    made = olga.post("/webhooks", WANTED | {"id": (webhook_id := new_id())})
    assert (made.status_code, made.json["id"], made.json["active"]) == (201, webhook_id, True)
    assert olga.post("/webhooks", WANTED | {"id": webhook_id, "active": False}).json["active"] is False
    assert olga.post(f"/webhooks/{webhook_id}/test").json["code"] == "webhook_off"
    olga.post("/webhooks", WANTED | {"id": webhook_id})
    assert olga.get(f"/webhooks/{webhook_id}").json["secret"].startswith("whsec_")
    assert olga.post(f"/webhooks/{webhook_id}/test").status_code == 202
    (told,) = olga.get(f"/webhooks/{webhook_id}/deliveries").json["items"]
    assert (told["kind"], told["state"], told["body"]["type"]) == ("ping", "waiting", "ping")
    assert [one["id"] for one in olga.get("/webhooks").json["items"]] == [webhook_id]
    assert olga.post(f"/webhooks/{webhook_id}/removal").json["items"] == []
    assert olga.get(f"/webhooks/{webhook_id}").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"url": "ftp://example.com"}, {"kinds": []}, {"kinds": ["money.printed"]}, {"url": None}]
)
def test_wrong_wishes_name_their_field(olga, wrong):
    said = olga.post("/webhooks", WANTED | wrong)
    assert (said.status_code, list(said.json["fields"])) == (400, list(wrong))


def test_nobody_else_hears_of_them(house, olga):
    webhook_id = olga.post("/webhooks", WANTED).json["id"]
    paths = ["/webhooks", f"/webhooks/{webhook_id}", f"/webhooks/{webhook_id}/deliveries"]
    deeds = ["/webhooks", f"/webhooks/{webhook_id}/removal", f"/webhooks/{webhook_id}/test"]
    for other, status in ((house.ada, 403), (house.grace, 403), (house.visitor, 401)):
        assert {other.get(path).status_code for path in paths} == {status}
        assert {other.post(path, WANTED).status_code for path in deeds} == {status}
    assert olga.get(f"/webhooks/{webhook_id}").status_code == 200


def test_a_key_that_only_reads_is_not_told_what_signs(house):
    with unit_of_work() as uow:
        olga = make.operator(uow)
    with unit_of_work(olga) as uow:
        keys = [actions.make_key(uow, key_id=new_id(), name="x", days=30, read_only=only) for only in (True, False)]
    reader, writer = (Program(house.app.test_client(), key) for key in keys)
    webhook_id = writer.post("/webhooks", WANTED).json["id"]
    assert writer.get(f"/webhooks/{webhook_id}").json["secret"]
    refused = reader.get(f"/webhooks/{webhook_id}")
    assert (refused.status_code, refused.json["code"]) == (403, "key_reads_only")
    page = house.app.test_client().get(f"/ops/webhooks/{webhook_id}", headers={"Authorization": f"Bearer {keys[0]}"})
    assert (page.status_code, "whsec_" in page.text) == (403, False)
    assert reader.get("/webhooks").status_code == 200
