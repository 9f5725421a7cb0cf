"""A series across a change of clock, a seat in a group, and a question answered now: in real windows, to the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.browser.rooms import serving
from tests.browser.windows import Opened, look, windows
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.actions import GroupWish
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, Words, new_id

HOUR = timedelta(hours=1)
ROOM_MS = 60_000
"""The room is the heaviest page, and two browsers open it at once."""


@dataclass(frozen=True)
class People:
    url: str
    ada: Actor
    grace: make.ConsultantMade


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> Iterator[People]:
    """Grace works in Berlin, Ada lives in Santiago: of any five months at least one sees a clock changed."""
    with serving(db_url, tmp_path) as url:
        with unit_of_work() as uow:
            ada = make.client(uow, zone="America/Santiago", language="en")
            grace = make.consultant(uow, zone="Europe/Berlin", language="en", hours=make.AROUND_THE_CLOCK)
        yield People(url, ada, grace)


@pytest.fixture
def opened(chromium: Browser, people: People) -> Iterator[Opened]:
    with windows(chromium, people.url) as found:
        yield found


def pay_in_sandbox(page: Page, amount: str) -> None:
    page.wait_for_url("**/sandbox/pay/**")
    expect(page.locator("button[value=pay]")).to_contain_text(amount)
    page.locator("button[value=pay]").click()


def test_a_series_is_bought_across_a_change_of_clock(people: People, opened: Opened) -> None:
    with unit_of_work() as uow:
        start = make.slot(uow, people.grace, after=datetime.now(UTC) + 48 * HOUR)
    page = opened(people.ada, phone=True)
    page.goto(f"/en/series/new?service={people.grace.service_id}&start={start:%Y-%m-%dT%H:%M:%SZ}&weeks=2&sessions=12")
    expect(page.locator(".serl > li")).to_have_count(12)
    expect(page.locator(".serl__c").first).to_contain_text("changes before this date")
    look(page, "together-series")
    page.get_by_role("button", name="Hold these dates").click()
    page.wait_for_url("**/series/*/checkout")
    look(page, "together-series-checkout")
    page.get_by_role("button", name="Pay ¥5,760.00").click()
    pay_in_sandbox(page, "¥5,760.00")
    page.wait_for_url("**/series/*")
    expect(page.get_by_text("Confirmed", exact=True)).to_have_count(12)


def test_on_a_phone_too_a_series_is_begun_and_a_session_is_moved(people: People, opened: Opened) -> None:
    with unit_of_work() as uow:
        start = make.slot(uow, people.grace, after=datetime.now(UTC) + 48 * HOUR)
        booking_id = make.paid_booking(uow, client=people.ada, consultant=people.grace, start=start)
    page = opened(people.ada, phone=True)
    page.goto(f"/en/sessions/{booking_id}/move")
    page.locator(".tslot").nth(8).click()
    chosen = page.locator("[data-chosen]").inner_text()
    look(page, "together-move")
    page.get_by_role("button", name="Move the session").click(force=True)  # in view at once, not under the bar
    page.wait_for_url(f"**/sessions/{booking_id}")
    expect(page.get_by_role("heading", name="Confirmed: the time is yours")).to_be_visible()
    assert chosen[-5:] in page.locator(".big").inner_text()
    page.goto(f"/en/c/{people.grace.slug}")
    page.locator(".tslot").locator("visible=true").first.click()
    page.get_by_role("button", name="Book it every week or two").click()
    page.wait_for_url("**/series/new**")


def test_a_seat_in_a_group_is_taken_and_paid(people: People, opened: Opened) -> None:
    starts_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + 72 * HOUR
    wish = GroupWish(Words("Interview practice"), starts_at, 60, Money(12_000), 2, 1, starts_at - 24 * HOUR)
    with unit_of_work(people.grace.actor) as uow:
        bookings.set_group(uow, group_id=(name := new_id()), wish=wish)
    page = opened(people.ada)
    page.goto(f"/en/c/{people.grace.slug}")
    page.get_by_role("link", name="Take a seat").first.click()
    look(page, "together-group")
    page.get_by_role("button", name="Take a seat for ¥120").click()
    page.wait_for_url("**/checkout/*")
    page.locator("button[form=pay], #pay .sumcard button").locator("visible=true").first.click()
    pay_in_sandbox(page, "¥120.00")
    page.wait_for_url("**/sessions/*")
    page.goto(f"/en/groups/{name}")
    expect(page.locator("main")).to_contain_text("You have a seat.")
    expect(page.locator("main")).to_contain_text("1 seat left")


def test_a_question_asked_now_is_answered_in_another_browser(people: People, opened: Opened) -> None:
    desk = opened(people.grace.actor)
    desk.goto("/en/pro/now")
    desk.get_by_role("button", name="I am available now").click()
    expect(desk.locator("main")).to_contain_text("You are available until")
    page = opened(people.ada, phone=True)
    page.goto(f"/en/c/{people.grace.slug}")
    page.get_by_role("link", name="Available now").click()
    look(page, "together-now")
    page.get_by_label("Your question").fill("My landlord changed the lock this morning. What now?")
    page.get_by_role("button", name="Pay and ring").click()
    pay_in_sandbox(page, "¥480.00")
    expect(page.get_by_role("heading", name="Ringing…")).to_be_visible()
    expect(desk.locator("main")).to_contain_text("My landlord changed the lock")
    look(desk, "together-ringing")
    desk.get_by_role("button", name="Answer and begin").click()
    desk.wait_for_url("**/sessions/*/room", timeout=ROOM_MS)
    page.wait_for_url("**/sessions/*/room", timeout=ROOM_MS)
