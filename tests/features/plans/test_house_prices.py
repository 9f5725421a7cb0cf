"""The house's price table by versions, its memberships, and a preview of what a session would cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.catalog import queries as catalog
from zhixun.features.plans import actions, queries
from zhixun.features.plans.models import PriceRuleRow
from zhixun.features.plans.rules import HOUSE, PriceRule
from zhixun.kernel.audit import AuditLine
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Words, new_id

DAY = timedelta(days=1)
WEEKEND = PriceRule("weekend", "", 11_000)
DEARER = PriceRule("weekend", "", 12_000)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def versions() -> list[tuple[int, int, int | None]]:
    """(factor, from, until) in days from NOW, the newest first."""
    with Session() as db:
        return [
            (one.rule.factor_bps, (one.from_at - NOW).days, one.until_at and (one.until_at - NOW).days)
            for one in queries.rule_versions(db, HOUSE)
        ]  # fmt: skip


def set_rule(rule: PriceRule, *, now: int = 0, from_: int | None = None) -> None:
    with unit_of_work(now=NOW + now * DAY) as uow:
        at = None if from_ is None else NOW + from_ * DAY
        actions.set_price_rule(uow, owner_id=HOUSE, rule=rule, from_at=at)


def test_another_factor_is_another_version_and_the_old_one_stays(app: Flask) -> None:
    set_rule(WEEKEND)
    set_rule(DEARER, now=2, from_=10)
    assert versions() == [(12_000, 10, None), (11_000, 0, 10)]
    with Session() as db:
        for day, found in ((-1, []), (0, [WEEKEND]), (9, [WEEKEND]), (10, [DEARER])):
            assert queries.rules_of(db, HOUSE, NOW + day * DAY) == found
            assert list(queries.price_table(db, new_id(), NOW + day * DAY).rules) == found


def test_what_was_planned_later_gives_way(app: Flask) -> None:
    set_rule(WEEKEND)
    set_rule(DEARER, from_=10)
    set_rule(PriceRule("weekend", "", 13_000), now=1, from_=5)
    assert versions() == [(13_000, 5, None), (11_000, 0, 5)]


def test_set_twice_at_once_is_one_version(app: Flask) -> None:
    set_rule(WEEKEND)
    set_rule(DEARER)
    assert versions() == [(12_000, 0, None)]
    second = PriceRuleRow(owner_id=HOUSE, kind="weekend", value="", from_at=NOW + DAY, until_at=None, factor_bps=9_000)
    with pytest.raises(IntegrityError), Session.begin() as db:
        db.add(second)


def test_a_rule_ends_and_history_is_never_written(app: Flask) -> None:
    set_rule(WEEKEND)
    with unit_of_work(now=NOW + DAY) as uow:
        for at in (NOW, NOW + 800 * DAY):
            with pytest.raises(Invalid):
                actions.set_price_rule(uow, owner_id=HOUSE, rule=DEARER, from_at=at)
        with pytest.raises(Invalid):
            actions.drop_price_rule(uow, owner_id=HOUSE, kind="weekend", value="", until_at=NOW)
        actions.drop_price_rule(uow, owner_id=HOUSE, kind="weekend", value="", until_at=NOW + 3 * DAY)
        actions.drop_price_rule(uow, owner_id=HOUSE, kind="cap", value="")
    assert versions() == [(11_000, 0, 3)]
    with Session() as db:
        deeds = db.scalars(select(AuditLine.deed).where(AuditLine.subject_id == HOUSE).order_by(AuditLine.number))
        assert list(deeds) == ["price_rule_set", "price_rule_ended"]


def test_a_membership_with_other_terms_is_another_one(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        membership_id, ada = make.membership(uow), make.client(uow)
        make.bought(uow, membership_id, client=ada)
        terms = {
            "title": Words("知询会员", "Zhixun member"), "note": Words("", ""), "price": make.Money(30_000), "included": 1,
            "included_max": make.Money(50_000), "discount_bps": 1_000,
        }  # fmt: skip
        system = make.acting(uow, SYSTEM)
        actions.put_membership(system, membership_id=membership_id, **terms)  # type: ignore[arg-type]
        with pytest.raises(Conflict):
            actions.put_membership(system, membership_id=membership_id, **terms | {"included": 9})  # type: ignore[arg-type]
        for _ in range(2):
            actions.withdraw_membership(system, membership_id=membership_id)
        assert queries.memberships(uow.db) == []
        assert queries.member_counts(uow.db) == {membership_id: 1}
        mine = queries.membership_of(uow.db, ada.user_id, NOW)
        assert mine
        with pytest.raises(NotFound):
            actions.withdraw_membership(system, membership_id=new_id())
        with pytest.raises(RightNeeded):
            actions.withdraw_membership(make.acting(uow, ada), membership_id=membership_id)


def test_the_desk_adds_plans_ends_and_previews(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        desk = Visitor(app, make.operator(uow), english=True)
        grace = make.consultant(uow)
        service = catalog.service(uow.db, grace.service_id)
    page = desk.get("/ops/prices")
    assert "No rule yet" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    typed = {"kind": "weekend", "value": "", "percent": "25", "from": "2026-12-01"}
    saved = desk.follow(desk.post("/ops/prices", **typed))
    for said in ("Saved.", "Weekend, +25%", "1 Dec 2026", "To come"):
        assert said in words(saved)
    saturday = {"service": service.id, "start": "2026-12-05T10:00"}
    for asked, total, line in (("", "¥480.00", False), ("2026-12-02", "¥600.00", True)):
        query = "&".join(f"{name}={value}" for name, value in (saturday | {"asked": asked}).items())
        shown = desk.get(f"/ops/prices?{query}")
        assert f"Total {total}" in words(shown)
        assert ("Weekend, +25% ¥120.00" in words(shown)) is line
        assert statements(shown) <= STATEMENTS_MAX
    ended = desk.follow(desk.post("/ops/prices/end", kind="weekend", value=""))
    assert "No rule yet" in words(ended), "it had not begun"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"from": "2026-11-01"}, "Prices change from now on or later"), ({"from": "soon"}, "A day looks like"),
        ({"from": "2099-01-01"}, "within the next two years"), ({"percent": "much"}, "like 10 or -5"),
        ({"percent": "300"}, "50 % to 200 %"), ({"value": "x"}, "Nothing belongs here"), ({"kind": "moon"}, "about seniority"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_kept(app: Flask, typed: dict[str, str], said: str) -> None:
    with unit_of_work(now=NOW) as uow:
        desk = Visitor(app, make.operator(uow), english=True)
    refused = desk.post("/ops/prices", **({"kind": "weekend", "value": "", "percent": "17", "from": ""} | typed))
    assert refused.status_code == 400
    assert said in words(refused)
    assert 'value="17"' in refused.text or "percent" in typed
    assert versions() == []
    for wrong in (
        "service=x&start=2026-12-05T10:00",
        f"service={new_id()}&start=",
        f"service={new_id()}&start=0001-01-01T00:00",
    ):
        assert desk.get(f"/ops/prices?{wrong}").status_code in (400, 404)


def test_a_membership_goes_on_sale_and_off_again_at_the_desk(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        desk = Visitor(app, make.operator(uow), english=True)
    typed = {
        "membership_id": (membership_id := new_id()), "title_zh": "金卡", "title_en": "Gold", "price": "398", "included": "2",
        "included_max": "600", "discount": "15",
    }  # fmt: skip
    for wrong in ({"title_en": ""}, {"price": "0"}, {"included": "31"}, {"discount": "51"}, {"included_max": "x"}):
        refused = desk.post("/ops/memberships", **(typed | wrong))
        assert (refused.status_code, "金卡" in refused.text) == (400, True), wrong
    for _ in range(2):
        shown = desk.follow(desk.post("/ops/memberships", **typed))
    assert "2 sessions a month up to ¥600, 15% off the rest · 0 members" in words(shown)
    assert desk.post("/ops/memberships", **(typed | {"price": "298"})).status_code == 409
    gone = desk.follow(desk.post(f"/ops/memberships/{membership_id}/withdrawal"))
    assert "None is on sale." in words(gone)
    assert desk.post(f"/ops/memberships/{new_id()}/withdrawal").status_code == 404
    assert desk.post("/ops/memberships/x/withdrawal").status_code == 404


def test_without_the_right_to_run_the_house_there_are_no_house_prices(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        finance, ada = make.operator(uow, "Fiona", role="finance"), make.client(uow)
    for who in (finance, ada):
        browser = Visitor(app, who)
        assert browser.get("/ops/prices").status_code in (403, 404)
        assert browser.post("/ops/prices", kind="weekend", percent="10").status_code in (403, 404)
        assert browser.post("/ops/prices/end", kind="weekend").status_code in (403, 404)
        assert browser.post("/ops/memberships", title_zh="x").status_code in (403, 404)
    assert "/ops/prices" not in Visitor(app, finance).get("/ops").text


def test_the_desk_sees_every_package_on_sale(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        olga, grace = make.operator(uow), make.consultant(uow)
        make.package(uow, grace)
    page = Visitor(app, olga, english=True).get("/ops/prices")
    assert "No consultant sells a package yet." not in words(page)
    assert f"{grace.actor.name} " in words(page).split("Packages on sale")[1]
    assert statements(page) <= STATEMENTS_MAX
