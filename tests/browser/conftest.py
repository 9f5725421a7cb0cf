"""A running house with sample people, and real Chromium windows on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.house import House

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first of them there is. Without its windows and menus Chromium shows the same pages for two thirds of the work."""
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    place = Path(tempfile.mkdtemp(prefix="zhixun-test-", dir="/tmp"))
    place.chmod(0o755)
    found = House(place / "var")
    found.run("sample", "--consultants", "16", "--clients", "12", "--days", "12", "--seed", "7")
    found.start()
    yield found
    found.stop()
    shutil.rmtree(place, ignore_errors=True)


def program() -> str | None:
    """Where the browser of the tests is."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if program() is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, house: House) -> Iterator[Callable[..., Page]]:
    """Open a window of one person's own: `window(phone=True, dark=True, scripts=False)`. Page errors fail the test."""
    contexts, errors = [], []

    def opened(*, phone: bool = False, dark: bool = False, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=house.address, viewport=PHONE if phone else DESKTOP, is_mobile=phone, has_touch=phone,
            color_scheme="dark" if dark else "light", java_script_enabled=scripts, timezone_id="Asia/Shanghai",
            bypass_csp=False,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [error for error in errors if "ViewTransition" not in error and "Transition was" not in error] == []


def kept_picture(page: Page, name: str) -> None:
    """Keep a picture of the page where ZHIXUN_TEST_PICTURES names a folder, for eyes."""
    if folder := os.environ.get("ZHIXUN_TEST_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
