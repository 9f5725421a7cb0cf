"""Every page of the product as people see it: in both languages, on a phone in daylight and on a desk in the dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE, kept_picture
from tests.every_page import BY_SECRET, NOT_OPENED, Person, every_rule, everyone, examples, opened_by
from tests.house import House
from zhixun.features.notifications.rules import stop_token

TRANSLATIONS = Path(__file__).parents[2] / "src/zhixun/web/translations/zh"
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")
SAME_IN_ALL_LANGUAGES = {"中文", "简体中文", "知询", "知询 Zhixun"}
LAYOUT_SHIFT_MAX = 0.02
SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver(list => list.getEntries().forEach(one => { if (!one.hadRecentInput) window.shifted += one.value; }))
    .observe({type: 'layout-shift', buffered: true});
"""
CHROME = """() => [...document.querySelectorAll('h1,h2,h3,nav a,label,legend,button,th,dt,summary')]
  .map(one => one.textContent.trim().replace(/\\s+/g, ' ')).concat([document.title])"""
PAGES = [(rule, who) for rule in every_rule() for who in opened_by(rule)]


@pytest.fixture(scope="session")
def people(house: House) -> Iterator[dict[str, Person]]:
    found = everyone(house.address)
    yield found
    for one in found.values():
        one.http.close()


@pytest.fixture(scope="session")
def addresses(house: House, people: dict[str, Person]) -> dict[tuple[str, str], str]:
    found = examples(people)
    secret = (house.data_dir / "secret-key").read_text(encoding="utf-8").strip()
    token = stop_token(secret, "0" * 32, "bookings")
    return found | {(BY_SECRET, "nobody"): BY_SECRET.replace("<token>", token)}


@pytest.fixture(scope="session")
def browsers(chromium: Browser, house: House, people: dict[str, Person]) -> Iterator[dict[str, BrowserContext]]:
    """A browser of each person's own, signed in as they are."""
    opened = {}
    for who, person in people.items():
        opened[who] = chromium.new_context(base_url=house.address, timezone_id="Asia/Shanghai")
        opened[who].set_default_timeout(PATIENCE_MS)
        opened[who].add_init_script(SHIFTS)
        opened[who].add_cookies(
            [{"name": one.name, "value": one.value or "", "url": house.address} for one in person.http.cookies.jar]
        )
    yield opened
    for one in opened.values():
        one.close()


def test_what_is_not_opened_is_a_page() -> None:
    assert not set(NOT_OPENED) & set(every_rule())


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("rule", "who"), PAGES, ids=[f"{rule}-{who}" for rule, who in PAGES])
def test_the_page_is_whole(
    addresses: dict[tuple[str, str], str], browsers: dict[str, BrowserContext], rule: str, who: str, language: str
) -> None:
    path = addresses.get((rule, who))
    assert path, f"{rule} has no example: let a page of {who} link to it, or make one in tests/every_page.py"
    page, errors = browsers[who].new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="light")
        answer = page.goto(f"/en{path}" if language == "en" else path)
        assert answer is not None
        assert answer.status == 200, f"{path} answers {answer.status}"
        page.wait_for_load_state()
        assert page.evaluate("window.shifted") < LAYOUT_SHIFT_MAX
        looked_at(page, f"{_file_name(rule)}-{who}-{language}-phone-light")
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="dark")
        looked_at(page, f"{_file_name(rule)}-{who}-{language}-desktop-dark")
        if language == "en":
            shown = [text for text in page.evaluate(CHROME) if CHINESE.search(text)]
            assert [text for text in shown if text in _our_chinese()] == [], "not translated"
        assert [one for one in errors if "ransition" not in one] == []
    finally:
        page.close()


def looked_at(page: Page, name: str) -> None:
    kept_picture(page, name)
    assert page.title().strip()
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "wider than the screen"
    assert violations(page) == []


@lru_cache(maxsize=1)
def _our_chinese() -> frozenset[str]:
    """Every Chinese sentence of the product's own; what people wrote is theirs and stays as it is."""
    found = set()
    for file in TRANSLATIONS.glob("*.po"):
        with file.open("rb") as opened:
            found |= {one.string for one in read_po(opened, locale="zh") if isinstance(one.string, str)}
    return frozenset(found - SAME_IN_ALL_LANGUAGES)


def _file_name(rule: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", rule).strip("_") or "home"
