"""Two people in the session room, each in a browser of their own: the script's part of what the room promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocketRoute

from tests.browser.rooms import Room, come_in, opened, said
from zhixun.features.messaging import queries
from zhixun.kernel.tables import Session


@pytest.fixture
def room(db_url: str, tmp_path: Path) -> Iterator[Room]:
    """Ada and Grace have a confirmed booking some hours ahead."""
    with opened(db_url, tmp_path) as found:
        yield found


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
    lines: list[WebSocketRoute] = []

    def only_the_first(line: WebSocketRoute) -> None:
        if lines:
            line.close(code=1012)
        else:
            line.connect_to_server()
        lines.append(line)

    ada.route_web_socket("**/live", only_the_first)
    ada.reload()
    ada.wait_for_selector("[data-line]:not([hidden])")
    lines[0].close(code=1012)  # and every new try fails
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
