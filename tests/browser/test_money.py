"""Money that leaves again, in real windows: a part goes back, consultants are paid by two people, statements open and print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import make, papers
from tests.browser.rooms import serving
from tests.browser.windows import Opened, lapse, look, prove, windows
from zhixun.features.booking import actions as bookings
from zhixun.features.ledger import queries as ledger
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now


@dataclass(frozen=True)
class People:
    url: str
    ada: Actor
    grace: make.ConsultantMade
    sam: Actor
    fiona: Actor
    olga: Actor
    booking: str


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> Iterator[People]:
    """Ada's session with Grace is a week ago and its money released; Sam helps clients, Fiona and Olga may pay out."""
    with serving(db_url, tmp_path) as url:
        now = utc_now()
        with unit_of_work(now=now - timedelta(days=9)) as uow:
            ada, grace = make.client(uow, language="en"), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
            booking = make.completed_booking(uow, client=ada, consultant=grace)
            sam, fiona = make.operator(uow, "Sam", role="support"), make.operator(uow, "Fiona", role="finance")
            olga = make.operator(uow)
        with unit_of_work(now=now - timedelta(minutes=5)) as uow:
            bookings.release_money(uow, booking_id=booking)
        yield People(url, ada, grace, sam, fiona, olga, booking)


@pytest.fixture
def opened(chromium: Browser, people: People) -> Iterator[Opened]:
    with windows(chromium, people.url) as found:
        yield found


def test_a_part_goes_back_the_client_reads_it_and_the_books_hold(people: People, opened: Opened) -> None:
    desk, client = opened(people.sam), opened(people.ada, phone=True)
    desk.goto(f"/en/ops/bookings/{people.booking}")
    desk.get_by_role("link", name="Give money back").click()
    expect(desk.locator("main")).to_contain_text("Left¥480.00")
    look(desk, "money-refund")
    desk.get_by_label("A part of it").check()
    desk.get_by_label("Amount").fill("a lot")
    desk.get_by_label("Why").fill("Half an hour of silence")
    desk.get_by_role("button", name="Send it back").click()
    expect(desk.get_by_label("Amount")).to_have_value("a lot")
    expect(desk.get_by_label("Why")).to_have_value("Half an hour of silence")
    look(desk, "money-refund-wrong")
    desk.get_by_label("Amount").fill("120.50")
    desk.get_by_role("button", name="Send it back").click()
    expect(desk.locator("main")).to_contain_text("Refund asked for: ¥120.50")
    look(desk, "money-story")
    client.goto(f"/en/sessions/{people.booking}")
    expect(client.locator("main")).to_contain_text("¥120.50")
    look(client, "money-refund-read")
    consultant = opened(people.grace.actor)
    consultant.goto("/en/pro/earnings")
    expect(consultant.locator("main")).to_contain_text("¥316.36")
    with Session() as db:
        assert ledger.verify(db).holds


def paid_out(people: People, opened: Opened) -> None:
    """Fiona proposes and may not approve; Olga does, both asked once more who they are."""
    finance, second = opened(people.fiona), opened(people.olga, phone=True)
    lapse()
    finance.goto("/en/ops/payouts")
    look(finance, "money-payouts")
    finance.get_by_role("button", name="Propose a run").click()
    prove(finance)
    expect(finance.locator("main")).to_contain_text("You proposed this run, so someone else has to approve it.")
    expect(finance.get_by_role("button", name=re.compile("Approve and pay"))).to_have_count(0)
    look(finance, "money-run")
    second.goto(finance.url)
    look(second, "money-run-second")
    second.get_by_role("button", name="Approve and pay ¥422.40").click()
    prove(second)
    expect(second.locator("main")).to_contain_text("Approved")
    with second.expect_download() as download:
        second.get_by_role("link", name="Bank file (CSV)").click()
    assert "Grace,422.40,CNY" in Path(download.value.path()).read_text(encoding="utf-8")


def test_two_people_pay_out_and_the_consultant_has_it_in_writing(people: People, opened: Opened) -> None:
    paid_out(people, opened)
    consultant = opened(people.grace.actor, phone=True)
    consultant.goto("/en/pro/statements")
    look(consultant, "money-statement")
    moved = amounts(consultant)
    assert {"¥422.40", "−¥422.40"} <= moved
    consultant.locator(".stmt summary").first.click()
    look(consultant, "money-statement-open")
    with consultant.expect_download() as download:
        consultant.get_by_role("link", name="Statement as PDF").click()
    printed = papers.said(Path(download.value.path()).read_bytes())
    assert [one for one in moved if one not in printed] == []
    with Session() as db:
        assert ledger.verify(db).holds


def amounts(page: Page) -> set[str]:
    return set(re.findall(r"−?¥[\d,.]+\d", page.inner_text("main")))
