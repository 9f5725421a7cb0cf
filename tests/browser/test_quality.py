"""Quality in real windows: feedback, two experts, the consultant's report; and a complaint that is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.browser.rooms import serving
from tests.browser.windows import Opened, look, windows
from zhixun.features.catalog import actions as catalog
from zhixun.features.privacy import actions as privacy
from zhixun.features.quality import actions as quality
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now

MARKS = {"understanding": 4, "market": 4, "practice": 3, "independence": 5}


@dataclass(frozen=True)
class People:
    url: str
    ada: Actor
    grace: Actor
    rita: Actor
    rosa: Actor
    olga: Actor
    booking: str


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> Iterator[People]:
    """A session held an hour ago, whose client lets experts read it; two experts and someone at the desk."""
    with serving(db_url, tmp_path) as url:
        hour = utc_now().replace(minute=0, second=0, microsecond=0)
        with unit_of_work(now=hour - timedelta(hours=6)) as uow:
            ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
            catalog.put_house_fields(uow)
            rita, rosa = (make.person(uow, name, roles=("reviewer",)) for name in ("Rita", "Rosa"))
            olga = make.operator(uow)
            privacy.give_consent(uow, user_id=ada.user_id, purpose="expert_review")
            booking = make.completed_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=1))
        with unit_of_work() as uow:
            quality.open_case(uow, booking_id=booking)
        yield People(url, ada, grace.actor, rita, rosa, olga, booking)


@pytest.fixture
def opened(chromium: Browser, people: People) -> Iterator[Opened]:
    with windows(chromium, people.url) as opened:
        yield opened


def test_feedback_two_experts_and_the_report(people: People, opened: Opened) -> None:
    client = opened(people.ada, phone=True)
    client.goto(f"/sessions/{people.booking}/feedback")
    for name in ("accuracy", "clarity", "actionable", "boundaries", "punctual"):
        client.locator(f"label:has(input[name={name}][value='4'])").click()
    client.locator("label:has(input[name=nps][value='9'])").click()
    client.locator("label:has(input[name=solved][value=yes])").click()
    client.locator("form.fb button.btn--primary").click()
    client.wait_for_url(f"**/sessions/{people.booking}")
    for who, dark in ((people.rita, False), (people.rosa, True)):
        read_and_hand_in(opened(who, phone=dark, dark=dark), people.booking)
    consultant = opened(people.grace)
    consultant.goto("/en/pro/report")
    expect(consultant.locator("main")).to_contain_text("Say what it costs.")
    expect(consultant.locator("main")).to_contain_text("4.00")
    look(consultant, "quality-report")
    consultant.goto(f"/sessions/{people.booking}/summary")
    look(consultant, "quality-summary")
    consultant.locator("#text").fill(
        "先弄清了三件事：时间线、材料和想要的结果。约定周五前补齐材料，再决定下一步怎么走，遇到新情况先记下来再联系。"
    )
    consultant.locator("main form button.btn--primary").click()
    client.goto(f"/sessions/{people.booking}/summary")
    expect(client.locator(".said").first).to_contain_text("先弄清了三件事")
    look(client, "quality-summary-read")
    desk = opened(people.olga, dark=True)
    desk.goto("/ops/quality")
    expect(desk.locator("main")).to_contain_text("Rita")
    look(desk, "quality-desk")
    desk.goto(f"/ops/consultants/{people.grace.user_id}/report")
    look(desk, "quality-desk-report")


def read_and_hand_in(page: Page, booking: str) -> None:
    page.goto("/review")
    look(page, "quality-board")
    page.locator(f"form[action$='/review/{booking}/seat'] button").click()
    page.wait_for_url(f"**/review/{booking}")
    look(page, "quality-sheet")
    for name, mark in MARKS.items():
        page.locator(f"label:has(input[name=mark-{name}][value='{mark}'])").click()
    page.locator("#learn").fill("Say what it costs.")
    page.locator(".rv__s form button.btn--primary").click()
    page.wait_for_url("**/review")


def test_a_complaint_is_answered(people: People, opened: Opened) -> None:
    client, desk = opened(people.ada, phone=True, dark=True), opened(people.olga)
    client.goto("/help/complaint")
    look(client, "quality-complaint")
    client.locator("label:has(input[name=kind][value=complaint])").click()
    client.locator("#text").fill("咨询师晚了十分钟，希望补时。")
    client.locator("main form button.btn--primary").click()
    expect(client.locator("#said")).to_contain_text("希望补时")
    desk.goto("/ops/complaints")
    look(desk, "quality-queue")
    desk.locator("table a").first.click()
    look(desk, "quality-matter")
    desk.locator("#answer").fill("抱歉，十分钟会补给你。")
    desk.locator("button[value=answer]").click()
    client.goto("/help/complaint")
    expect(client.locator("#said")).to_contain_text("十分钟会补给你")
    for page, where, name in (
        (desk, f"/ops/clients/{people.ada.user_id}", "client"),
        (desk, "/ops/clients", "clients"),
        (opened(people.grace, phone=True), f"/pro/clients/{people.ada.user_id}", "own-client"),
    ):
        page.goto(where)
        look(page, f"quality-{name}")
