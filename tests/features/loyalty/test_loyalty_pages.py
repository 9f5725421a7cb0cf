"""Coupons and points as a browser without a script meets them, and the desk that offers them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.loyalty import actions
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def test_coupon_and_points_are_taken_at_the_checkout_and_a_wrong_code_keeps_what_was_typed(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        make.coupon(uow)
        actions.earn_points(uow, booking_id=new_id(), person_id=ada.user_id, paid=Money(90_000))
        start = make.slot(uow, grace, number=5)
        booking_id = make.held_booking(uow, client=ada, consultant=grace, start=start)
    visitor = Visitor(app, ada)
    checkout, mine = visitor.get(f"/checkout/{booking_id}"), visitor.get("/me/points")
    assert (statements(checkout) <= STATEMENTS_MAX, statements(mine) <= STATEMENTS_MAX) == (True, True)
    assert "WELCOME50" in words(mine)
    form = {"brief": "x", "coupon": "welcome50", "points": "yes", "act": "apply", "shown_minor": "48000"}
    applied = visitor.follow(visitor.post(f"/checkout/{booking_id}", **form))
    assert statements(applied) <= STATEMENTS_MAX
    page = words(applied)
    assert "新人立减 −¥50.00 900 积分 −¥9.00" in page
    assert "支付 ¥421.00" in page
    refused = visitor.post(f"/checkout/{booking_id}", **(form | {"coupon": "nope"}))
    assert (refused.status_code, "没有这个优惠码" in words(refused), 'value="NOPE"' in refused.text) == (
        409,
        True,
        True,
    )


def test_the_desk_offers_pauses_and_refuses_by_name(app: Flask) -> None:
    with unit_of_work() as uow:
        olga, sue, coupon_id = make.operator(uow), make.operator(uow, "Sue", role="support"), make.coupon(uow)
    desk = Visitor(app, olga, english=True)
    form = {"code": "spring", "kind": "percent", "value": "10", "title_en": "Spring", "valid_until": "2099-01-01"}
    assert "The coupon is there." in words(desk.follow(desk.post("/ops/coupons", **form)))
    assert "1 Jan 2099" in words(desk.get("/ops/coupons")), "the last day it is good on"
    wrong = desk.post("/ops/coupons", **(form | {"value": "a lot", "code": "?"}))
    assert (wrong.status_code, 'value="a lot"' in wrong.text) == (400, True)
    assert desk.post("/ops/coupons", **(form | {"code": "late", "valid_until": "9999-12-31"})).status_code == 400
    assert desk.post("/ops/coupons", **(form | {"code": "old", "valid_from": "0001-01-01"})).status_code == 400
    assert desk.post("/ops/coupons", **form).status_code == 409
    desk.post(f"/ops/coupons/{coupon_id}/pause", paused="1")
    assert "Paused" in words(desk.get("/ops/coupons"))
    assert Visitor(app, sue).get("/ops/coupons").status_code == 403


def test_the_desk_names_the_consultant_a_coupon_is_for(app: Flask) -> None:
    with unit_of_work() as uow:
        olga, grace = make.operator(uow), make.consultant(uow)
        make.consultant(uow, "Hopper")
        make.consultant(uow, "Hopperdale")
    desk = Visitor(app, olga, english=True)
    form = {"kind": "percent", "value": "10", "title_en": "Spring", "valid_until": "2099-01-01"}
    assert '<option value="Grace">' in desk.get("/ops/coupons").text
    for number, typed in enumerate(("grace", "Grac", grace.slug, "hopper")):
        made = desk.post("/ops/coupons", **form, code=f"spring{number}", consultant=typed)
        assert made.status_code == 303, typed
    page = desk.get("/ops/coupons")
    assert words(page).count("only with Grace") == 3
    assert "only with Hopper " in words(page)
    assert statements(page) <= STATEMENTS_MAX
    for typed, said in (("Hopp", "Several consultants are called that."), ("Nobody", "No consultant is called that.")):
        refused = desk.post("/ops/coupons", **form, code="other", consultant=typed)
        assert (refused.status_code, said in words(refused), f'value="{typed}"' in refused.text) == (400, True, True)
