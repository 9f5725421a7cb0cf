"""Quality in real windows: feedback, two experts, the consultant's report; and a complaint that is answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE, kept_picture
from tests.web.live_server import token_of
from zhixun import asgi
from zhixun.features.catalog import actions as catalog
from zhixun.features.privacy import actions as privacy
from zhixun.features.quality import actions as quality
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now
from zhixun.settings import Settings
from zhixun.web.security import COOKIE

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


@contextmanager
def _serving(db_url: str, folder: Path) -> Iterator[str]:
    app = asgi.build(Settings(data_dir=folder, rate_limits=False, demo=True), db_url)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> Iterator[People]:
    """A session held an hour ago, whose client lets experts read it; two experts and someone at the desk."""
    with _serving(db_url, tmp_path) as url:
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
def opened(chromium: Browser, people: People) -> Iterator[Callable[..., Page]]:
    contexts = []

    def window(who: Actor, *, phone: bool = False, dark: bool = False) -> Page:
        context = chromium.new_context(
            viewport=PHONE if phone else DESKTOP, is_mobile=phone, has_touch=phone, base_url=people.url,
            color_scheme="dark" if dark else "light", timezone_id="Asia/Shanghai",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": COOKIE, "value": token_of(who), "url": people.url}])
        contexts.append(context)
        return context.new_page()

    yield window
    for context in contexts:
        context.close()


def look(page: Page, name: str) -> None:
    """Nothing wider than the screen, nothing axe objects to."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    assert violations(page) == [], name
    kept_picture(page, f"quality-{name}")


def test_feedback_two_experts_and_the_report(people: People, opened: Callable[..., Page]) -> None:
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
    look(consultant, "report")
    consultant.goto(f"/sessions/{people.booking}/summary")
    look(consultant, "summary")
    consultant.locator("#text").fill(
        "先弄清了三件事：时间线、材料和想要的结果。约定周五前补齐材料，再决定下一步怎么走，遇到新情况先记下来再联系。"
    )
    consultant.locator("main form button.btn--primary").click()
    client.goto(f"/sessions/{people.booking}/summary")
    expect(client.locator(".said").first).to_contain_text("先弄清了三件事")
    look(client, "summary-read")
    desk = opened(people.olga, dark=True)
    desk.goto("/ops/quality")
    expect(desk.locator("main")).to_contain_text("Rita")
    look(desk, "desk")
    desk.goto(f"/ops/consultants/{people.grace.user_id}/report")
    look(desk, "desk-report")


def read_and_hand_in(page: Page, booking: str) -> None:
    page.goto("/review")
    look(page, "board")
    page.locator(f"form[action$='/review/{booking}/seat'] button").click()
    page.wait_for_url(f"**/review/{booking}")
    look(page, "sheet")
    for name, mark in MARKS.items():
        page.locator(f"label:has(input[name=mark-{name}][value='{mark}'])").click()
    page.locator("#learn").fill("Say what it costs.")
    page.locator(".rv__s form button.btn--primary").click()
    page.wait_for_url("**/review")


def test_a_complaint_is_answered(people: People, opened: Callable[..., Page]) -> None:
    client, desk = opened(people.ada, phone=True, dark=True), opened(people.olga)
    client.goto("/help/complaint")
    look(client, "complaint")
    client.locator("label:has(input[name=kind][value=complaint])").click()
    client.locator("#text").fill("咨询师晚了十分钟，希望补时。")
    client.locator("main form button.btn--primary").click()
    expect(client.locator("#said")).to_contain_text("希望补时")
    desk.goto("/ops/complaints")
    look(desk, "queue")
    desk.locator("table a").first.click()
    look(desk, "matter")
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
        look(page, name)
