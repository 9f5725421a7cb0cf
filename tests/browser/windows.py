"""Windows on a house of a test's own: each person has a browser, a phone in the dark or a desk in daylight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE, kept_picture
from tests.web.live_server import token_of
from zhixun.features.accounts.models import SignIn
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor
from zhixun.web.security import COOKIE

Opened = Callable[..., Page]


@contextmanager
def windows(chromium: Browser, url: str) -> Iterator[Opened]:
    """Yields `opened(ada, phone=True)`: a page of that person's, signed in, or of nobody's; dark where it is a phone, or as
    asked. What a script complains of fails the test."""
    contexts, errors = [], list[str]()

    def opened(
        who: Actor | None = None, *, phone: bool = False, dark: bool | None = None, scripts: bool = True
    ) -> Page:
        context = chromium.new_context(
            base_url=url, viewport=PHONE if phone else DESKTOP, is_mobile=phone, has_touch=phone,
            color_scheme="dark" if (phone if dark is None else dark) else "light", timezone_id="Asia/Shanghai",
            java_script_enabled=scripts,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        if who is not None:
            context.add_cookies([{"name": COOKIE, "value": token_of(who), "url": url}])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [one for one in errors if "ransition" not in one] == []


def look(page: Page, name: str) -> None:
    """Nothing wider than the screen, nothing axe objects to."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    found = violations(page)
    assert found == [], f"{name}: {found}"
    kept_picture(page, name)


def prove(page: Page, password: str = make.PASSWORD) -> None:
    """Answer the question whether it is really them."""
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Go on").click()


def lapse() -> None:
    """It is long ago that anybody showed who they are."""
    with unit_of_work() as uow:
        uow.db.execute(sa.update(SignIn).values(proved_until=uow.now))
