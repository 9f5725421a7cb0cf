"""Packages, memberships and quotes as a program meets them."""

from datetime import timedelta

import pytest

from tests import make
from zhixun.features.plans import actions as plans
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id


def grace(house):
    return make.ConsultantMade(Actor(house.grace_id), house.service_id, house.slug)


@pytest.fixture
def package_id(house):
    with unit_of_work() as uow:
        return make.package(uow, grace(house))


def bought(house, **named):
    made = house.ada.post("/orders", named)
    assert made.status_code == 201, made.text
    house.ada.post(f"/payments/{made.json['payment']['id']}/sandbox", {"outcome": "pay"})
    with unit_of_work() as uow:
        plans.fulfil_if_paid(uow, order_id=made.json["id"])
    return made.json["id"]


def test_a_package_is_found_ordered_paid_and_used(house, package_id):
    [sold] = house.visitor.get(f"/consultants/{house.grace_id}/packages").json["items"]
    assert (sold["id"], sold["price"]["amount_minor"], sold["quantity"], sold["unit"]) == (
        package_id,
        200_000,
        5,
        "session",
    )
    plan_id = bought(house, package_id=package_id)
    [mine] = house.ada.get("/me/plans").json["items"]
    assert (mine["id"], mine["left"], mine["refund"]["amount_minor"], mine["active"]) == (plan_id, 5, 200_000, True)
    start = house.free(30)
    quote = house.ada.get(f"/services/{house.service_id}/quote", start=start, use_plan=plan_id).json
    assert (quote["total"]["amount_minor"], [line["kind"] for line in quote["lines"]]) == (0, ["base", "package"])
    assert sum(line["amount"]["amount_minor"] for line in quote["lines"]) == 0
    made = house.ada.post("/bookings", {"service_id": house.service_id, "start": start, "use_plan": plan_id})
    assert (made.status_code, made.json["total"]["amount_minor"]) == (201, 0)
    assert house.ada.get("/me/plans").json["items"][0]["left"] == 4
    house.ada.post(f"/bookings/{made.json['id']}/cancellation")
    assert house.ada.get("/me/plans").json["items"][0]["left"] == 5


def test_a_membership_is_seen_and_takes_its_part_off_by_itself(house):
    with unit_of_work() as uow:
        membership_id = make.membership(uow)
    [sold] = house.visitor.get("/memberships").json["items"]
    assert (sold["id"], sold["included"], sold["discount_bps"]) == (membership_id, 1, 1_000)
    bought(house, plan_id=membership_id)
    quote = house.ada.get(f"/services/{house.service_id}/quote", start=house.free(30)).json
    assert (quote["total"]["amount_minor"], quote["lines"][-1]["kind"]) == (43_200, "member")
    assert quote["refunds"][0]["refund"]["amount_minor"] == 43_200
    assert (
        house.visitor.get(f"/services/{house.service_id}/quote", start=house.free(30)).json["total"]["amount_minor"]
        == 48_000
    )
    again = house.ada.post("/orders", {"membership_id": membership_id})
    assert (again.status_code, again.json["code"]) == (409, "already_member")


def test_an_order_is_done_once_per_id_and_per_key(house, package_id):
    body = {"package_id": package_id, "id": new_id()}
    assert house.ada.post("/orders", body).json == house.ada.post("/orders", body).json
    first = house.ada.post("/orders", {"package_id": package_id}, Idempotency_Key="k1")
    again = house.ada.post("/orders", {"package_id": package_id}, Idempotency_Key="k1")
    assert first.json == again.json


def test_orders_that_make_no_sense_are_refused(house, package_id):
    assert house.visitor.post("/orders", {"package_id": package_id}).status_code == 401
    for body in ({}, {"package_id": package_id, "plan_id": package_id}, {"package_id": "x"}, {"plan_id": None}):
        assert house.ada.post("/orders", body).status_code == 400, body
    assert house.ada.post("/orders", {"package_id": new_id()}).status_code == 404
    assert house.ada.post("/orders", {"package_id": package_id, "gateway": "none"}).status_code == 400
    assert house.grace.post("/orders", {"package_id": package_id}).status_code == 400, "one's own"
    assert house.bob.get("/me/plans").json == {"items": [], "next": None}
    assert house.visitor.get(f"/consultants/{new_id()}/packages").status_code == 404


def test_a_plan_of_another_or_that_does_not_fit_is_refused_and_nothing_is_held(house, package_id):
    plan_id = bought(house, package_id=package_id)
    start = house.free(30)
    wanted = {"service_id": house.service_id, "start": start, "use_plan": plan_id}
    assert house.bob.post("/bookings", wanted).status_code == 404
    assert house.bob.get(f"/services/{house.service_id}/quote", start=start, use_plan=plan_id).status_code == 404
    assert house.bob.post("/bookings", {"service_id": house.service_id, "start": start}).status_code == 201
    with unit_of_work() as uow:
        short = make.add_service(uow, house.grace_id, minutes=30)
    other = house.ada.post("/bookings", {"service_id": short, "start": house.free(40), "use_plan": plan_id})
    assert (other.status_code, other.json["code"]) == (409, "plan_does_not_fit")


def test_the_clock_of_an_order_is_two_hours_and_late_money_still_buys(house, package_id):
    made = house.ada.post("/orders", {"package_id": package_id}).json
    paid = house.ada.get(f"/payments/{made['payment']['id']}").json
    assert paid["booking_id"] is None
    house.ada.post(f"/payments/{made['payment']['id']}/sandbox", {"outcome": "pay_late"})
    with unit_of_work() as uow:
        late = make.acting(uow, uow.actor, now=uow.now + timedelta(hours=3))
        assert plans.fulfil_if_paid(late, order_id=made["id"]).state == "fulfilled"
