"""Every page of the product as people see it: in Chinese on a phone and in English at a desk, by day and by night.

`make chaos` looks four times (CHAOS_LOOKS): at every device, in both languages and both themes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE, kept_picture
from tests.every_page import BY_SECRET, NOT_OPENED, Person, every_rule, everyone, examples, opened_by
from tests.house import House
from zhixun.features.notifications.rules import stop_token

LOOKS = int(os.environ.get("CHAOS_LOOKS", "1"))
PAGES = [(rule, who) for rule in every_rule() for who in opened_by(rule)]
SECONDS_MAX = 900 * LOOKS
LAYOUT_SHIFT_MAX = 0.1
TRANSLATIONS = Path(__file__).parents[2] / "src/zhixun/web/translations/zh"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver(list => list.getEntries().forEach(one => { if (!one.hadRecentInput) window.shifted += one.value; }))
    .observe({type: 'layout-shift', buffered: true});
"""
SHAPE = """() => {
  const root = document.documentElement;
  const ours = [...document.querySelectorAll('h1, h2, h3, nav a, label, legend, button, th, dt, summary')];
  const own = one => {
    const copy = one.cloneNode(true);
    copy.querySelectorAll('[lang]').forEach(other => other.remove());
    return copy.textContent.trim().replace(/\\s+/g, ' ');
  };
  return {
    headings: document.querySelectorAll('h1').length, shifted: window.shifted, wider: root.scrollWidth - root.clientWidth,
    title: document.title.trim(), language: root.lang, wide: innerWidth,
    said: ours.filter(one => !one.closest('body [lang]')).map(own),
  };
}"""
"""What a page is like. Its sentences are those of the product: what people wrote is theirs, in their own language."""


@dataclass
class Window:
    """One person's browser on one device, with what goes wrong in it."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("console", self._hear)
        self.page.on("response", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        """A refusal by the page's security policy is heard here too."""
        if message.type == "error":
            self.wrong.append(f"console: {message.text}")

    def _see(self, response: Response) -> None:
        if response.status >= 500:
            self.wrong.append(f"{response.url} answers {response.status}")


@pytest.fixture(scope="module")
def people(house: House) -> Iterator[dict[str, Person]]:
    found = everyone(house.address)
    yield found
    for one in found.values():
        one.http.close()


@pytest.fixture(scope="module")
def addresses(house: House, people: dict[str, Person]) -> dict[tuple[str, str], str]:
    secret = (house.data_dir / "secret-key").read_text(encoding="utf-8").strip()
    token = stop_token(secret, "0" * 32, "bookings")
    return examples(people) | {(BY_SECRET, "nobody"): BY_SECRET.replace("<token>", token)}


@pytest.fixture(scope="module")
def windows(chromium: Browser, house: House, people: dict[str, Person]) -> Iterator[dict[tuple[str, bool], Window]]:
    """By (who, on a phone): everybody is signed in on a phone and at a desk."""
    opened: dict[tuple[str, bool], Window] = {}
    for who, person in people.items():
        for phone in (True, False):
            context = _signed_in(chromium, house, person, phone=phone)
            opened[who, phone] = Window(context.new_page())
    yield opened
    for one in opened.values():
        one.page.context.close()


def _signed_in(chromium: Browser, house: House, person: Person, *, phone: bool) -> BrowserContext:
    context = chromium.new_context(
        base_url=house.address, viewport=PHONE if phone else DESKTOP, is_mobile=phone, has_touch=phone,
        timezone_id="Asia/Shanghai",
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(SHIFTS)
    context.add_cookies(
        [{"name": one.name, "value": one.value or "", "url": house.address} for one in person.http.cookies.jar]
    )
    return context


def test_what_is_not_opened_is_a_page() -> None:
    assert not set(NOT_OPENED) & set(every_rule())


@pytest.mark.timeout(SECONDS_MAX)
def test_every_page_has_an_example(addresses: dict[tuple[str, str], str]) -> None:
    missing = [f"{rule} ({who})" for rule, who in PAGES if (rule, who) not in addresses]
    assert missing == [], "let a page link to it, or make one in tests/every_page.py"


@pytest.mark.timeout(SECONDS_MAX)
def test_the_pages_are_whole(addresses: dict[tuple[str, str], str], windows: dict[tuple[str, bool], Window]) -> None:
    wrong = []
    for rule, who, phone, english, dark in views():
        if path := addresses.get((rule, who)):  # one without an example is named by the test above
            said = looked_at(windows[who, phone], path, english=english, dark=dark)
            sight = ("phone" if phone else "desk", "en" if english else "zh", "dark" if dark else "light")
            where = f"{rule} ({who}, {', '.join(sight)})"
            wrong += [f"{where}: {one}" for one in said]
    assert wrong == []


def views(looks: int = LOOKS) -> Iterator[tuple[str, str, bool, bool, bool]]:
    """(rule, who, phone, english, dark): each page on both devices, in both languages and themes; who else opens it sees
    it once. A second look has the other language and theme on each device, a third and a fourth the other theme."""
    for look in range(looks):
        swapped = look % 2 == 1
        for number, rule in enumerate(every_rule(), look % 2 + look // 2):
            first, *others = opened_by(rule)
            night = number % 2 == 0
            yield rule, first, True, swapped, night
            yield rule, first, False, not swapped, not night
            for place, who in enumerate(others, number):
                phone = place % 2 == 0
                yield rule, who, phone, phone == swapped, night


def test_four_looks_are_every_look() -> None:
    rule = every_rule()[0]
    seen = {view[2:] for view in views(4) if view[0] == rule}
    assert len(seen) == 2**3


def looked_at(window: Window, path: str, *, english: bool, dark: bool) -> list[str]:
    """What is wrong with the page, in sentences."""
    page = window.page
    window.wrong.clear()
    page.emulate_media(color_scheme="dark" if dark else "light")
    answer = page.goto(f"/en{path}" if english else path)
    assert answer is not None
    if answer.status != 200:
        return [f"answers {answer.status}"]
    objections = violations(page)
    shape = page.evaluate(SHAPE)
    sight = (str(shape["wide"]), "en" if english else "zh", "dark" if dark else "light")
    kept_picture(page, re.sub(r"[^a-z0-9]+", "_", f"{path}-{'-'.join(sight)}").strip("_"))
    wrong = [*window.wrong, *objections, *_untranslated(shape["said"], english=english)]
    if shape["headings"] != 1:
        wrong.append(f"has {shape['headings']} headings of the first rank")
    if not shape["title"]:
        wrong.append("has no title")
    if not shape["language"].startswith("en" if english else "zh"):
        wrong.append(f"says that it is in {shape['language']!r}")
    if shape["shifted"] > LAYOUT_SHIFT_MAX:
        wrong.append(f"moves while it opens: {shape['shifted']:.2f}")
    if shape["wider"] > 0:
        wrong.append(f"is wider than the screen by {shape['wider']} px")
    return wrong


def _untranslated(said: list[str], *, english: bool) -> list[str]:
    sentences = _sentences()
    others = frozenset(sentences.values()) if english else frozenset(sentences)
    return [f"is not translated: {one}" for one in dict.fromkeys(said) if one in others]


@lru_cache(maxsize=1)
def _sentences() -> dict[str, str]:
    """English → Chinese: every sentence of the product's own that differs."""
    found = {}
    for file in TRANSLATIONS.glob("*.po"):
        with file.open("rb") as opened:
            for one in read_po(opened, locale="zh"):
                if isinstance(one.id, str) and isinstance(one.string, str) and CHINESE.search(one.string):
                    found[one.id] = one.string
    return found
