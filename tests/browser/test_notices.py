"""The pages about notices, as eyes and screen readers meet them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, kept_picture
from tests.browser.rooms import opened
from tests.web.live_server import token_of
from zhixun.web.security import COOKIE


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_what_one_is_told_is_chosen_on_any_screen(chromium: Browser, db_url: str, tmp_path: Path, prefix: str) -> None:
    with opened(db_url, tmp_path) as room:
        for size, dark in ((PHONE, True), (DESKTOP, False)):
            context = chromium.new_context(viewport=size, color_scheme="dark" if dark else "light")
            context.add_cookies([{"name": COOKIE, "value": token_of(room.ada), "url": room.url}])
            page = context.new_page()
            for path in ("/me/notices", "/notices"):
                page.goto(f"{room.url}{prefix}{path}")
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                kept_picture(page, f"notices{prefix}{path}-{size['width']}".replace("/", "-"))
            page.goto(f"{room.url}{prefix}/me/notices")
            page.uncheck("[value='reminders:mail']")
            page.select_option("#quiet_from", "22:00")
            page.select_option("#quiet_until", "07:30")
            page.locator("main form .btn--primary").click()
            assert page.input_value("#quiet_from") == "22:00"
            assert not page.is_checked("[value='reminders:mail']")
            context.close()
