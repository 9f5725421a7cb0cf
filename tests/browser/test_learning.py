"""What a browser tells of a person with their consent, what they see of it, and the list under the search box."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests import make
from tests.browser.axe import violations
from tests.browser.conftest import PATIENCE_MS
from tests.browser.rooms import serving
from tests.web.live_server import token_of
from zhixun.features.behaviour import queries as behaviour
from zhixun.features.catalog import actions as catalog
from zhixun.features.privacy import actions as privacy
from zhixun.features.search.handlers import bring_up_to_date
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor
from zhixun.web.security import COOKIE

WAIT_SECONDS = 20


@pytest.fixture
def site(db_url: str, tmp_path: Path) -> Iterator[str]:
    with serving(db_url, tmp_path) as url:
        with unit_of_work() as uow:
            catalog.put_house_fields(uow)
            made = make.listed(uow, "Grace", hours=make.AROUND_THE_CLOCK)
        bring_up_to_date([made])
        yield url


@pytest.fixture
def ada(site: str) -> Actor:
    with unit_of_work() as uow:
        ada = make.client(uow, language="en")
        privacy.give_consent(uow, user_id=ada.user_id, purpose="behaviour")
    return ada


def opened(chromium: Browser, site: str, who: Actor | None) -> Page:
    context = chromium.new_context(base_url=site, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    if who is not None:
        context.add_cookies([{"name": COOKIE, "value": token_of(who), "url": site}])
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.2)
    return False


def kinds_of(who: Actor) -> set[str]:
    with Session() as db:
        return {one.subject.partition(":")[0] for one in behaviour.interactions_of(db, who.user_id)}


def test_a_look_is_told_shown_and_deleted_when_the_consent_is_taken_back(
    chromium: Browser, site: str, ada: Actor
) -> None:
    page = opened(chromium, site, ada)
    page.goto("/en/me/profile")
    page.goto("/en/consultants")
    page.click("article.pro h3 a, article.pro h2 a")
    page.wait_for_selector("meta[name=subject]", state="attached")
    assert eventually(lambda: "consultant" in kinds_of(ada))
    page.goto("/en/me/profile")
    page.wait_for_selector("#interests")
    assert "page looked at" in page.inner_text("main")
    assert violations(page) == []
    page.click("text=Stop, and delete all of it")
    page.wait_for_load_state()
    assert eventually(lambda: kinds_of(ada) == set())
    page.goto("/en/consultants")
    assert page.query_selector("script[src*=beacon]") is None


def test_the_list_under_the_search_box_is_walked_by_keyboard(chromium: Browser, site: str) -> None:
    page = opened(chromium, site, None)
    page.goto("/en/consultants")
    box = page.locator("#r-q")
    box.click()
    box.type("grace")
    page.wait_for_selector("[role=option]")
    assert box.get_attribute("aria-expanded") == "true"
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    assert page.get_attribute(f"#{box.get_attribute('aria-activedescendant')}", "aria-selected") == "true"
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/grace-*")
