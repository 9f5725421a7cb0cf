"""Plans as a browser without a script meets them: buying, seeing, using, giving back; and a consultant's editor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.rules import State
from zhixun.features.plans import actions, queries
from zhixun.features.plans.rules import PriceRule
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def owner(app: Flask) -> tuple[Visitor, make.Actor, make.ConsultantMade, str]:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        plan_id = make.bought(uow, make.package(uow, grace), client=ada)
    return Visitor(app, ada), ada, grace, plan_id


def plan(plan_id: str, who: make.Actor) -> queries.HoldingView:
    with Session() as db:
        return queries.holding(db, plan_id, who.user_id)


def test_a_package_is_bought_from_the_consultants_page(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        package_id = make.package(uow, grace)
    visitor = Visitor(app, ada, english=True)
    page = visitor.get(f"/c/{grace.slug}")
    assert "Five sessions 5 sessions · ¥400 a session · good for 180 days" in words(page)
    assert statements(Visitor(app).get(f"/c/{grace.slug}")) <= STATEMENTS_MAX
    assert f'href="/en/plans/buy/{package_id}"' in page.text
    asked = visitor.get(f"/plans/buy/{package_id}")
    for one in ("Five sessions", "With Grace", "until 23 May 2027", "less the sessions used", "Pay ¥2,000.00"):
        assert one in words(asked), one
    assert statements(asked) <= STATEMENTS_MAX
    order_id = re.search(r'name="order_id" value="(\w{32})"', asked.text)[1]
    pay = visitor.post("/plans/orders", order_id=order_id, product_id=package_id)
    sandbox = visitor.follow(visitor.follow(pay))
    assert "For Five sessions with Grace" in words(sandbox)
    with Session() as db:
        payment_id = queries.order(db, order_id, ada.user_id).payment_id
    visitor.post(f"/sandbox/pay/{payment_id}", outcome="pay")
    back = visitor.follow(visitor.get(f"/pay/{payment_id}/return"))
    mine = visitor.follow(back)
    assert "It is yours" in words(mine)
    assert "5 sessions left of 5 sessions" in words(mine)
    assert statements(mine) <= STATEMENTS_MAX
    assert "You have 5 sessions of 5 sessions left" in words(visitor.get(f"/c/{grace.slug}"))


def test_what_is_not_sold_any_more_has_no_page_to_buy_it(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        package_id = make.package(uow, grace)
    with unit_of_work(grace.actor) as uow:
        actions.withdraw_package(uow, package_id=package_id)
    for product_id in (package_id, new_id(), "x"):
        assert Visitor(app, ada).get(f"/plans/buy/{product_id}").status_code == 404
    assert "/sign-in" in Visitor(app).get(f"/plans/buy/{package_id}").location


def test_before_a_membership_is_paid_its_month_and_its_end_are_said(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, membership_id = make.client(uow), make.membership(uow)
    visitor = Visitor(app, ada, english=True)
    said = words(visitor.get(f"/plans/buy/{membership_id}"))
    assert "The first month lasts until 24 Dec 2026. Then it goes on for another month for ¥300" in said
    assert "A month that has begun is not given back" in said
    with unit_of_work() as uow:
        make.bought(uow, membership_id, client=ada)
    assert "You have a membership already" in words(visitor.get(f"/plans/buy/{membership_id}"))


def test_a_refused_payment_leads_back_to_trying_again(app: Flask) -> None:
    with unit_of_work() as uow:
        ada = make.client(uow)
        package_id = make.package(uow, make.consultant(uow))
    visitor, order_id = Visitor(app, ada, english=True), new_id()
    visitor.post("/plans/orders", order_id=order_id, product_id=package_id)
    with Session() as db:
        payment_id = queries.order(db, order_id, ada.user_id).payment_id
    visitor.post(f"/sandbox/pay/{payment_id}", outcome="fail")
    said = visitor.get(f"/pay/{payment_id}/return")
    assert "You can try again whenever you like" in words(said)
    assert "Try again" in words(said)
    assert visitor.get(f"/plans/orders/{order_id}").status_code == 303


def test_a_visitor_signs_in_first_and_damaged_forms_are_refused(app: Flask) -> None:
    with unit_of_work() as uow:
        ada = make.client(uow)
    assert "/sign-in" in Visitor(app).post("/plans/orders", order_id=new_id(), product_id=new_id()).location
    assert Visitor(app, ada).post("/plans/orders", order_id="x", product_id=new_id()).status_code == 400
    assert Visitor(app, ada).post("/plans/orders", order_id=new_id(), product_id=new_id()).status_code == 404
    for path in ("/plans/orders/x", f"/plans/orders/{new_id()}"):
        assert Visitor(app, ada).get(path).status_code == 404


def test_a_plan_is_chosen_at_the_checkout_and_pays_for_it(app: Flask) -> None:
    visitor, ada, grace, plan_id = owner(app)
    with unit_of_work(ada) as uow:
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
    checkout = visitor.get(f"/checkout/{booking_id}")
    assert "使用「五次套餐」" in words(checkout)
    assert statements(checkout) <= STATEMENTS_MAX
    applied = visitor.post(
        f"/checkout/{booking_id}", brief="写好的问题", use_plan=plan_id, act="apply", shown_minor="48000"
    )
    page = visitor.follow(applied)
    assert "剩 4 次" in words(page)
    assert "写好的问题" in page.text, "what was written is kept"
    assert "确认预约" in words(page)
    with Session() as db:
        assert bookings.booking(db, booking_id, ada, NOW).state is State.HELD, "to recount is not to agree"
    done = visitor.post(f"/checkout/{booking_id}", brief="写好的问题", use_plan=plan_id, shown_minor="0")
    assert done.location.endswith(f"/sessions/{booking_id}")
    with Session() as db:
        assert bookings.booking(db, booking_id, ada, NOW).state is State.CONFIRMED
    assert plan(plan_id, ada).left_units == 400
    session = words(visitor.get(f"/sessions/{booking_id}"))
    assert "用套餐支付" in session
    assert "退回的部分会回到你的套餐" in session
    mine = visitor.get("/plans")
    assert "Grace：一小时咨询，" in words(mine), "what it was used for, by name"
    assert statements(mine) <= STATEMENTS_MAX
    asked = words(visitor.get(f"/sessions/{booking_id}/cancellation"))
    assert "现在取消，退回套餐 50%" in asked
    assert "¥0.00" not in session + asked, "nobody paid nothing"


def test_a_total_that_was_not_shown_is_shown_before_it_is_paid(app: Flask) -> None:
    visitor, ada, grace, plan_id = owner(app)
    with unit_of_work(ada) as uow:
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
    answer = visitor.post(f"/checkout/{booking_id}", brief="", use_plan=plan_id, shown_minor="48000")
    assert answer.location.endswith(f"/checkout/{booking_id}")
    assert "应付金额有变化" in words(visitor.follow(answer))
    back = visitor.post(f"/checkout/{booking_id}", brief="", use_plan="none", shown_minor="48000")
    assert "/pay/" in back.location
    assert plan(plan_id, ada).left_units == 500


def test_a_plan_that_cannot_pay_is_refused_with_a_sentence(app: Flask) -> None:
    visitor, ada, grace, _ = owner(app)
    with unit_of_work() as uow:
        hopper = make.consultant(uow, "Hopper")
        booking_id = make.held_booking(uow, client=ada, consultant=hopper)
        other = make.bought(uow, make.package(uow, grace), client=ada)
    refused = visitor.post(f"/checkout/{booking_id}", brief="保留", use_plan=other, shown_minor="48000")
    assert (refused.status_code, "这个套餐不能用于这次咨询" in words(refused)) == (409, True)
    assert "保留" in refused.text
    for plan_id in ("x", new_id()):
        assert visitor.post(f"/checkout/{booking_id}", brief="", use_plan=plan_id).status_code == 404


def test_the_unused_part_is_given_back_from_the_page(app: Flask) -> None:
    visitor, ada, _, plan_id = owner(app)
    assert "结束并退回 ¥2,000.00" in words(visitor.get("/plans"))
    assert "¥2,000.00 会原路退回" in words(visitor.follow(visitor.post(f"/plans/{plan_id}/refund")))
    assert "未用部分已退" in words(visitor.get("/plans"))
    assert not plan(plan_id, ada).active
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
    for path in (f"/plans/{plan_id}/refund", f"/plans/{plan_id}/renewal", "/plans/x/refund"):
        assert Visitor(app, bob).post(path).status_code == 404


def test_a_membership_is_shown_bought_ended_and_resumed(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, membership_id = make.client(uow), make.membership(uow)
    visitor = Visitor(app, ada, english=True)
    assert "1 session a month included, up to ¥500" in words(visitor.get("/plans"))
    with unit_of_work() as uow:
        plan_id = make.bought(uow, membership_id, client=ada)
    page = visitor.get("/plans")
    assert "Goes on for another month on 24 Dec 2026 for ¥300." in words(page)
    assert "Become a member" not in words(page)
    assert visitor.post("/plans/orders", order_id=new_id(), product_id=membership_id).status_code == 409
    assert "Ends on 24 Dec 2026" in words(visitor.follow(visitor.post(f"/plans/{plan_id}/renewal", renews="0")))
    assert "Goes on for another" in words(visitor.follow(visitor.post(f"/plans/{plan_id}/renewal", renews="1")))


def test_who_has_nothing_is_told_where_packages_are(app: Flask) -> None:
    with unit_of_work() as uow:
        ada = make.client(uow)
    assert "No plans yet" in words(Visitor(app, ada, english=True).get("/plans"))
    assert "/sign-in" in Visitor(app).get("/plans").location


def test_a_consultant_sells_and_withdraws_and_keeps_what_was_typed(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
    pro = Visitor(app, grace.actor, english=True)
    form = {
        "title_zh": "三次", "title_en": "Three sessions", "service_id": grace.service_id, "quantity": "3",
        "price": "1,200.50", "valid_days": "90",
    }  # fmt: skip
    assert "The package is on sale." in words(pro.follow(pro.post("/pro/plans", **form)))
    with Session() as db:
        [made] = queries.packages_of(db, [grace.id])
    assert (made.price, made.quantity, made.valid_days, made.unit) == (Money(120_050), 3, 90, "session")
    wrong = pro.post("/pro/plans", **(form | {"price": "cheap", "quantity": "0", "title_zh": "", "title_en": ""}))
    assert wrong.status_code == 400
    assert "3 things to fix" in words(wrong)
    assert 'value="cheap"' in wrong.text
    assert "no more than its sessions do singly" in words(pro.post("/pro/plans", **(form | {"price": "9999"})))
    assert pro.post("/pro/plans", **(form | {"service_id": new_id()})).status_code == 404
    pro.post("/pro/plans", **(form | {"service_id": "any", "quantity": "300"}))
    assert "Withdrawn" in words(pro.follow(pro.post(f"/pro/plans/{made.id}/withdrawal")))
    with Session() as db:
        assert [one.unit for one in queries.packages_of(db, [grace.id])] == ["minute"]
    assert Visitor(app, ada).get("/pro/plans").status_code == 403
    assert pro.post(f"/pro/plans/{new_id()}/withdrawal").status_code == 404


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        (("evening", "18:00–22:00", "10%"), PriceRule("evening", "18:00-22:00", 11_000)),
        (("urgent", "12", "−5.5"), PriceRule("urgent", "12", 9_450)),
        (("cap", "", "130"), PriceRule("cap", "", 13_000)),
    ],
)
def test_a_consultant_writes_a_price_rule_and_takes_it_away(app: Flask, typed, rule) -> None:
    with unit_of_work() as uow:
        grace = make.consultant(uow)
    pro = Visitor(app, grace.actor, english=True)
    kind, value, percent = typed
    assert pro.post("/pro/plans/prices", kind=kind, value=value, percent=percent).status_code == 303
    with Session() as db:
        assert queries.rules_of(db, grace.id, NOW) == [rule]
    wrong = pro.post("/pro/plans/prices", kind=kind, value="at night", percent="a lot")
    assert wrong.status_code == 400
    assert 'value="a lot"' in wrong.text
    pro.post("/pro/plans/prices/removal", kind=rule.kind, value=rule.value)
    with Session() as db:
        assert queries.rules_of(db, grace.id, NOW) == []
