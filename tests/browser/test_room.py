"""Two people in the session room, each in a browser of their own: the script's part of what the room promises."""

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
from tests.web.live_server import token_of
from zhixun import asgi
from zhixun.features.messaging import actions, queries
from zhixun.kernel.tables import Session
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
def _serving(db_url: str, folder: Path) -> Iterator[str]:
    app = asgi.build(Settings(keys=KEYS, data_dir=folder, rate_limits=False, demo=True), db_url)
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
def room(db_url: str, tmp_path: Path) -> Iterator[Room]:
    """The whole site with its worker; Ada and Grace have a confirmed booking some hours ahead."""
    with _serving(db_url, tmp_path) as url:
        with unit_of_work() as uow:
            ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
            booking = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=5))
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
    page.click("text=提前进入")
    page.wait_for_selector("[data-line]:not([hidden])")
    return page


def said(page: Page) -> list[list[str]]:
    """(number, text) of every message on the page."""
    found: list[list[str]] = page.eval_on_selector_all(
        ".msg", "list => list.map(row => [row.dataset.seq, row.querySelector('.bub').textContent])"
    )
    return found


def test_two_people_meet_talk_and_finish(chromium: Browser, room: Room) -> None:
    ada, grace = come_in(chromium, room, room.ada), come_in(chromium, room, room.grace)
    for page in (ada, grace):
        page.wait_for_selector("[data-seat].is-here")
    ada.type("#text", "你好")
    grace.wait_for_selector("[data-typing]:not([hidden])")
    ada.press("#text", "Enter")
    grace.wait_for_selector(".msg--them >> text=你好")
    ada.wait_for_selector(".msg--me >> text=已读")
    grace.fill("#text", "第一行\n第二行 <b>")
    grace.click("[aria-label=发送]")
    ada.wait_for_selector("text=第二行 <b>")
    assert said(ada) == said(grace) == [["1", "你好"], ["2", "第一行\n第二行 <b>"]]
    ada.fill("#text", "还没写完")
    grace.click("text=开始咨询")
    for page in (ada, grace):
        page.wait_for_selector(".stage--running")
    assert ada.input_value("#text") == "还没写完", "what was typed survives the page's changes"
    grace.click("[data-open=endit]")
    grace.click("dialog >> text=继续咨询")
    grace.click("[data-open=endit]")
    grace.click("dialog .btn--danger")
    ada.wait_for_selector(".stage--completed")
    assert ada.get_attribute(".meet__a a", "href") == f"/sessions/{room.booking}/feedback"


def test_what_is_written_while_the_line_is_down_is_sent_once_when_it_is_back(chromium: Browser, room: Room) -> None:
    ada, grace = come_in(chromium, room, room.ada), come_in(chromium, room, room.grace)
    ada.route_web_socket("**/live", lambda socket: socket.close(code=1012))  # every new try fails
    ada.reload()
    ada.wait_for_selector("[data-offline]:not([hidden])")
    ada.fill("#text", "written offline")
    ada.press("#text", "Enter")
    assert ada.inner_text(".is-pending .bub") == "written offline"
    grace.fill("#text", "said meanwhile")
    grace.press("#text", "Enter")
    grace.wait_for_selector(".msg--me[data-seq='1']")
    ada.unroute_all()
    ada.context.new_page().close()
    page = ada.context.new_page()  # a page without the broken line; what waited is taken up from this browser's keeping
    kept = ada.evaluate("JSON.stringify(sessionStorage)")
    page.goto(f"{room.url}/messages")
    page.evaluate(
        "kept => Object.entries(JSON.parse(kept)).forEach(([key, value]) => sessionStorage.setItem(key, value))", kept
    )
    page.goto(f"{room.url}/sessions/{room.booking}/room")
    page.wait_for_selector(".msg--me[data-seq='2']")
    grace.wait_for_selector(".msg--them[data-seq='2']")
    assert said(page) == said(grace) == [["1", "said meanwhile"], ["2", "written offline"]]
    page.reload()
    page.wait_for_selector("[data-line]:not([hidden])")
    with Session() as db:
        assert len(queries.messages(db, room.conversation, room.ada)) == 2


def test_where_the_line_never_comes_the_form_still_sends(chromium: Browser, room: Room) -> None:
    ada = come_in(chromium, room, room.ada)
    ada.route_web_socket("**/live", lambda socket: socket.close(code=1012))
    ada.reload()
    ada.wait_for_timeout(9_000)  # four tries
    ada.fill("#text", "by the form")
    ada.press("#text", "Enter")
    ada.wait_for_selector(".msg--me[data-seq='1'] >> text=by the form")
