"""A session room with its site and worker, and people who come into it, each in a browser of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from tests import make
from tests.browser.conftest import PATIENCE_MS
from tests.conftest import KEYS
from tests.house import free_port
from tests.web.live_server import token_of
from zhixun import asgi
from zhixun.features.booking import actions as bookings
from zhixun.features.messaging import actions
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor
from zhixun.settings import Settings
from zhixun.web.security import COOKIE


@dataclass(frozen=True)
class Room:
    url: str
    ada: Actor
    grace: Actor
    booking: str
    conversation: str


@contextmanager
def serving(db_url: str, folder: Path, *, mongodb: str = "") -> Iterator[str]:
    """The whole site with its worker; with the interaction log in MongoDB where its address is given."""
    port = free_port()
    settings = Settings(
        keys=KEYS, data_dir=folder, rate_limits=False, demo=True, public_url=f"http://localhost:{port}",
        interaction_log="mongodb" if mongodb else "sql", mongodb_url=mongodb,
    )  # fmt: skip
    app = asgi.build(settings, db_url)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@contextmanager
def opened(db_url: str, folder: Path, *, begun: bool = False) -> Iterator[Room]:
    """The whole site with its worker; Ada and Grace have a confirmed booking a quarter of an hour ahead."""
    with serving(db_url, folder) as url:
        with unit_of_work() as uow:
            ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
            booking = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=5))
            make.bring_near(uow, booking)
            if begun:
                joined = make.acting(uow, ada)
                uow.db.flush()
                bookings.join_session(joined, booking_id=booking)
                bookings.begin_session(make.acting(uow, grace.actor), booking_id=booking)
            conversation = actions.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
        yield Room(url, ada, grace.actor, booking, conversation)


def come_in(chromium: Browser, room: Room, who: Actor) -> Page:
    """Open the room in the person's own browser and come in early. What the script complains of fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": COOKIE, "value": token_of(who), "url": room.url}])
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(f"{room.url}/sessions/{room.booking}/room")
    if page.locator("text=提前进入").count():
        page.click("text=提前进入")
    page.wait_for_selector("[data-line]:not([hidden])")
    return page


def said(page: Page) -> list[list[str]]:
    """(number, text) of every message on the page."""
    found: list[list[str]] = page.eval_on_selector_all(
        ".msg", "list => list.map(row => [row.dataset.seq, row.querySelector('.bub').textContent])"
    )
    return found
