"""Plans, coupons and points in real windows: what is bought is used, what is offered is taken, on a phone and on a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.browser.rooms import serving
from tests.browser.windows import Opened, look, windows
from zhixun.features.loyalty import actions as loyalty
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, new_id

DEVICES = pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])


@dataclass(frozen=True)
class People:
    url: str
    ada: Actor
    grace: make.ConsultantMade
    olga: Actor


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> Iterator[People]:
    """Ada has 900 points; Grace sells five sessions at once, the house a membership; Olga offers coupons."""
    with serving(db_url, tmp_path) as url:
        with unit_of_work() as uow:
            ada, grace = make.client(uow, language="en"), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
            make.package(uow, grace)
            make.membership(uow)
            loyalty.earn_points(uow, booking_id=new_id(), person_id=ada.user_id, paid=Money(90_000))
            olga = make.operator(uow)
        yield People(url, ada, grace, olga)


@pytest.fixture
def opened(chromium: Browser, people: People) -> Iterator[Opened]:
    with windows(chromium, people.url) as opened:
        yield opened


def held(people: People, number: int = 5) -> str:
    with unit_of_work() as uow:
        start = make.slot(uow, people.grace, number=number)
        return make.held_booking(uow, client=people.ada, consultant=people.grace, start=start)


def pay_in_sandbox(page: Page, amount: str) -> None:
    page.wait_for_url("**/sandbox/pay/**")
    expect(page.locator("button[value=pay]")).to_contain_text(amount)
    page.locator("button[value=pay]").click()


def go_on(page: Page) -> None:
    page.locator("button[form=pay], #pay .sumcard button").locator("visible=true").first.click()


def use_plan(page: Page, people: People, title: str, booking: str) -> None:
    page.goto(f"/en/checkout/{booking}")
    look(page, "plans-checkout")
    page.get_by_label("What you want to solve").fill("Written before")
    page.get_by_label(re.compile(f"Use “{title}”")).check()
    expect(page.locator(".sum__t dd")).to_have_text("¥0.00")
    expect(page.get_by_label("What you want to solve")).to_have_value("Written before")
    expect(page.get_by_label(re.compile(f"Use “{title}”"))).to_be_focused()
    look(page, "plans-checkout-with-plan")
    go_on(page)
    page.wait_for_url(f"**/sessions/{booking}")


@DEVICES
def test_a_package_is_bought_and_pays_for_a_session(people: People, opened: Opened, phone: bool) -> None:
    page = opened(people.ada, phone=phone)
    page.goto(f"/en/c/{people.grace.slug}")
    page.get_by_role("link", name="Buy Five sessions").click()
    look(page, "plans-before-paying")
    page.get_by_role("button", name="Pay ¥2,000.00").click()
    pay_in_sandbox(page, "¥2,000.00")
    page.wait_for_url("**/plans#plan-*")
    expect(page.locator(".plan__left b")).to_have_text("5 sessions")
    look(page, "plans-package")
    use_plan(page, people, "Five sessions", held(people))
    page.goto("/en/plans")
    expect(page.locator(".plan__left b")).to_have_text("4 sessions")
    page.get_by_text("What it was used for").click()
    look(page, "plans-package-used")


@DEVICES
def test_a_membership_is_bought_pays_for_one_session_and_makes_the_next_cheaper(
    people: People, opened: Opened, phone: bool
) -> None:
    page = opened(people.ada, phone=phone)
    page.goto("/en/plans")
    look(page, "plans-for-sale")
    page.get_by_role("link", name="Become a member").click()
    page.get_by_role("button", name="Pay ¥300.00").click()
    pay_in_sandbox(page, "¥300.00")
    page.wait_for_url("**/plans#plan-*")
    look(page, "plans-member")
    use_plan(page, people, "Zhixun member", held(people))
    page.goto(f"/en/checkout/{held(people, 9)}")
    expect(page.locator(".sum__t dd")).to_have_text("¥432.00")
    page.goto("/en/plans")
    page.get_by_role("button", name="End it with this month").click()
    expect(page.locator(".plan").first).to_contain_text("is not renewed")


@DEVICES
def test_the_desk_offers_a_coupon_and_a_client_takes_it_with_points(
    people: People, opened: Opened, phone: bool
) -> None:
    desk = opened(people.olga, phone=phone)
    desk.goto("/en/ops/coupons")
    look(desk, "plans-no-coupons")
    desk.get_by_label("Code", exact=True).fill("spring")
    desk.get_by_label("Name in English").fill("Spring")
    desk.get_by_label("How much").fill("50")
    desk.get_by_label("Until, this day included").fill("2099-01-01")
    desk.get_by_label("Shown to everyone at the checkout").check()
    desk.get_by_role("button", name="Offer it").click()
    expect(desk.locator("tbody")).to_contain_text("SPRING")
    look(desk, "plans-coupons")
    booking = held(people)
    page = opened(people.ada, phone=phone)
    page.goto(f"/en/checkout/{booking}")
    page.get_by_label("Coupon code").fill("summer")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Coupon code")).to_have_value("SUMMER")
    look(page, "plans-coupon-refused")
    page.get_by_label("Coupon code").fill("spring")
    page.get_by_label(re.compile("of your 900 points")).check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".sum__t dd")).to_have_text("¥421.00")
    look(page, "plans-coupon-and-points")
    go_on(page)
    pay_in_sandbox(page, "¥421.00")
    page.wait_for_url(f"**/sessions/{booking}**")
    page.goto("/en/me/points")
    expect(page.locator(".pts")).to_contain_text("¥0.00")
    expect(page.locator("main")).to_contain_text("−900")
    look(page, "plans-points")


@DEVICES
def test_a_consultant_sets_prices_and_sells_a_package(people: People, opened: Opened, phone: bool) -> None:
    page = opened(people.grace.actor, phone=phone)
    page.goto("/en/pro/plans")
    look(page, "plans-editor")
    page.get_by_label("Name in English").fill("Ten sessions")
    page.get_by_label("How many sessions or minutes").fill("10")
    page.get_by_label("Price in yuan").fill("a lot")
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.get_by_label("Price in yuan")).to_have_value("a lot")
    look(page, "plans-editor-refused")
    page.get_by_label("Price in yuan").fill("3800")
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.locator("main")).to_contain_text("Ten sessions")
    client = opened(people.ada, phone=phone)
    client.goto(f"/en/c/{people.grace.slug}")
    expect(client.locator(".packs")).to_contain_text("10 sessions · ¥380 a session")
