"""Ways that two people walk together after the first booking: a kept time, a no, a summary, a series from the other side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.browser.rooms import serving
from tests.browser.windows import Opened, look, windows
from zhixun.features.booking import actions as bookings
from zhixun.features.catalog import actions as catalog
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.rules import Recurrence
from zhixun.features.waitlist import actions as waitlist
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, utc_now

WEEK = timedelta(weeks=1)
WAKING_HOURS = range(9, 20)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "America/Los_Angeles")


@dataclass(frozen=True)
class People:
    url: str
    ada: Actor
    bob: Actor
    grace: make.ConsultantMade


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> Iterator[People]:
    """Ada lives where it is day, as nobody is asked anything in their night; Grace works in Berlin."""
    zone = next(one for one in ZONES if datetime.now(ZoneInfo(one)).hour in WAKING_HOURS)
    with serving(db_url, tmp_path) as url:
        with unit_of_work() as uow:
            ada, bob = (make.client(uow, name, zone=zone, language="en") for name in ("Ada", "Bob"))
            grace = make.consultant(uow, zone="Europe/Berlin", language="en", hours=make.AROUND_THE_CLOCK)
        yield People(url, ada, bob, grace)


@pytest.fixture
def opened(chromium: Browser, people: People) -> Iterator[Opened]:
    with windows(chromium, people.url) as found:
        yield found


def pay(page: Page, amount: str) -> None:
    page.wait_for_url("**/sandbox/pay/**")
    look(page, "ways-payer")
    page.get_by_role("button", name=f"Pay {amount}", exact=True).click()


def kept(people: People) -> None:
    """Grace has one hour to give, in three days."""
    day = (datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=3)).date()
    with unit_of_work() as uow:
        scheduling.set_override(uow, consultant_id=people.grace.id, day=day, openings=[("10:00", "11:00")])
        waitlist.pass_on(uow, consultant_id=people.grace.id)


def no_hours(people: People) -> None:
    with unit_of_work() as uow:
        scheduling.set_weekly_hours(uow, consultant_id=people.grace.id, hours=())


def waits(page: Page, people: People) -> None:
    page.goto(f"/en/c/{people.grace.slug}")
    page.get_by_role("link", name="Join the waiting list").locator("visible=true").first.click()
    look(page, "ways-wish")
    page.get_by_role("button", name="Join the waiting list").click()
    page.wait_for_url("**/me/waitlist")


def test_a_kept_time_is_taken_up_and_paid(people: People, opened: Opened) -> None:
    no_hours(people)
    page = opened(people.ada, phone=True)
    waits(page, people)
    look(page, "ways-waiting")
    kept(people)
    page.goto("/en/notices")
    look(page, "ways-notices")
    page.goto("/en/me/waitlist")
    expect(page.get_by_text("A time is kept for you")).to_be_visible()
    look(page, "ways-kept")
    page.get_by_role("button", name="Book this time").click()
    page.wait_for_url("**/checkout/*")
    look(page, "ways-kept-checkout")
    page.locator("button[form=pay], #pay .sumcard button").locator("visible=true").first.click()
    pay(page, "¥480.00")
    page.wait_for_url("**/sessions/*")
    expect(page.get_by_role("heading", name="Confirmed: the time is yours")).to_be_visible()
    page.goto("/en/me/waitlist")
    expect(page.get_by_text("You are on no waiting list")).to_be_visible()


def test_a_kept_time_that_nobody_answers_for_passes_on_and_that_is_said(people: People, opened: Opened) -> None:
    no_hours(people)
    page, other = opened(people.ada), opened(people.bob, phone=True)
    waits(page, people)
    waits(other, people)
    kept(people)
    page.goto("/en/me/waitlist")
    expect(page.get_by_text("A time is kept for you")).to_be_visible()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=31)):
        with unit_of_work() as uow:
            waitlist.pass_on(uow, consultant_id=people.grace.id)
        page.get_by_role("button", name="Book this time").click()
        expect(page.locator("body")).to_contain_text("This time is not kept for you any more.")
        expect(page.locator("main")).to_contain_text("One time was kept for you and passed on unanswered.")
        look(page, "ways-passed")
        other.goto("/en/me/waitlist")
        expect(other.get_by_text("A time is kept for you")).to_be_visible()
        look(other, "ways-passed-to")


def test_a_request_is_declined_and_the_client_reads_why_and_what_comes_back(people: People, opened: Opened) -> None:
    with unit_of_work() as uow:
        make.consultant(uow, "Ida", hours=make.AROUND_THE_CLOCK)
        catalog.ask_first(make.acting(uow, people.grace.actor), service_id=people.grace.service_id, on_request=True)
        uow.db.flush()
        start = make.slot(uow, people.grace, after=datetime.now(UTC) + timedelta(hours=72))
        booking_id = make.paid_booking(
            uow, client=people.ada, consultant=people.grace, start=start, brief="May I sign?"
        )
    desk, page = opened(people.grace.actor), opened(people.ada, phone=True)
    page.goto(f"/en/sessions/{booking_id}")
    look(page, "ways-asked")
    desk.goto("/en/sessions")
    look(desk, "ways-requests")
    desk.get_by_role("link", name="Answer it").click()
    look(desk, "ways-answer")
    desk.get_by_label("Or say why not").fill("I am at a hearing that day.")
    desk.get_by_role("button", name="Decline and return ¥480.00").click()
    expect(desk.get_by_role("heading", name="Declined")).to_be_visible()
    look(desk, "ways-declined-desk")
    page.reload()
    main = page.locator("main")
    expect(main).to_contain_text("Grace could not take this session.")
    expect(main).to_contain_text("I am at a hearing that day.")
    expect(main).to_contain_text("¥480.00")
    look(page, "ways-declined")
    page.get_by_role("link", name="Choose", exact=False).first.click()
    page.wait_for_url("**/c/**")
    page.goto("/en/notices")
    look(page, "ways-declined-notices")
    page.goto("/en/sessions")
    look(page, "ways-declined-list")


def test_a_summary_is_written_read_and_asked_about(people: People, opened: Opened) -> None:
    hour = utc_now().replace(minute=0, second=0, microsecond=0)
    with unit_of_work(now=hour - timedelta(hours=6)) as uow:
        start = make.slot(uow, people.grace, number=1)
        booking_id = make.completed_booking(uow, client=people.ada, consultant=people.grace, start=start)
    desk, page = opened(people.grace.actor), opened(people.ada, phone=True)
    page.goto(f"/en/sessions/{booking_id}")
    page.get_by_role("link", name="Written summary").click()
    expect(page.locator("main")).to_contain_text("Your consultant owes it by")
    look(page, "ways-summary-owed")
    desk.goto("/en/pro")
    look(desk, "ways-summary-day")
    desk.goto("/en/sessions")
    expect(desk.get_by_role("link", name="Write the summary")).to_be_visible()
    desk.goto(f"/en/sessions/{booking_id}")
    expect(desk.locator("main")).to_contain_text("The summary is due by")
    look(desk, "ways-summary-session")
    desk.get_by_role("link", name="Write the summary").click()
    desk.get_by_role("button", name="Send the summary").click()
    look(desk, "ways-summary-empty")
    desk.get_by_label("For your client").fill(
        "We looked at the contract.\n\nAsk for two months more, in writing, by Friday."
    )
    desk.get_by_role("button", name="Send the summary").click()
    desk.wait_for_load_state()
    look(desk, "ways-summary-sent")
    desk.goto("/en/sessions")
    expect(desk.get_by_role("link", name="Write the summary")).to_have_count(0)
    page.goto("/en/notices")
    look(page, "ways-summary-notices")
    page.goto(f"/en/sessions/{booking_id}")
    look(page, "ways-summary-client-session")
    page.get_by_role("link", name="Written summary").click()
    expect(page.locator(".said")).to_contain_text("Ask for two months more")
    look(page, "ways-summary-read")
    page.get_by_label("One question is included").fill("What if they say no?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("main")).to_contain_text("The answer is owed by")
    desk.goto(f"/en/sessions/{booking_id}/summary")
    desk.get_by_label("Your answer").fill("Then we write to the board.")
    look(desk, "ways-summary-question")
    desk.get_by_role("button", name="Send the answer").click()
    page.reload()
    expect(page.locator("main")).to_contain_text("Then we write to the board.")
    look(page, "ways-summary-answered")


def test_a_consultant_sees_their_series_moves_one_and_cancels_the_rest(people: People, opened: Opened) -> None:
    with unit_of_work() as uow:
        start = make.slot(uow, people.grace, after=datetime.now(UTC) + timedelta(hours=72))
    wanted = Recurrence(start, 1, 3, "Europe/Berlin")
    with unit_of_work(people.ada) as uow:
        bookings.request_series(uow, series_id=(name := new_id()), service_id=people.grace.service_id, wanted=wanted)
    page = opened(people.ada)
    page.goto(f"/en/series/{name}/checkout")
    page.get_by_role("button", name="Pay ¥1,440.00").click()
    pay(page, "¥1,440.00")
    page.wait_for_url(f"**/series/{name}")
    desk = opened(people.grace.actor, phone=True)
    desk.goto("/en/sessions")
    look(desk, "ways-series-list")
    desk.goto(f"/en/series/{name}")
    expect(desk.locator(".serl > li")).to_have_count(3)
    expect(desk.locator("main")).to_contain_text("Ada")
    look(desk, "ways-series-desk")
    desk.get_by_role("link", name="Details").nth(1).click()
    look(desk, "ways-series-one")
    desk.get_by_role("link", name="Move to another time").click()
    look(desk, "ways-series-move")
    desk.locator(".tslot").nth(8).click()
    desk.get_by_role("button", name="Move the session").click(force=True)
    desk.wait_for_url("**/sessions/*")
    look(desk, "ways-series-moved")
    desk.get_by_role("link", name="Part of a series: see all of it").click()
    look(desk, "ways-series-after")
    desk.get_by_role("link", name="Cancel the rest of the series").click()
    look(desk, "ways-series-cancel")
    desk.get_by_role("button", name="Cancel and return ¥1,440.00").click()
    expect(desk.locator("body")).to_contain_text("Your client gets ¥1,440.00 back.")
    look(desk, "ways-series-over")
    page.goto(f"/en/series/{name}")
    look(page, "ways-series-client-over")
