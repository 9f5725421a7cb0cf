"""Who may come in to /live, and when a connection ends."""

from __future__ import annotations

import time

import pytest

from tests.web.live.place import closing_code
from tests.web.live_server import Browser, token_of
from zhixun.adapters.realtime_hub.memory import MemoryHub
from zhixun.features.accounts import actions as accounts
from zhixun.kernel.ports import RealtimeHub
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.web import live, security
from zhixun.web.live import wire


def test_welcome_says_who_one_is_and_how_far_conversations_go(place):
    with Browser(place.url) as browser:
        welcome = browser.hello(token_of(place.ada))
    assert welcome == {"type": "welcome", "user": place.ada.user_id, "conversations": {place.conversation: 0}}


def test_the_cookie_of_our_own_page_is_enough(place):
    host = place.url.removeprefix("ws://").removesuffix("/live")
    cookie = f"{security.COOKIE}={token_of(place.ada)}"
    with Browser(place.url, Cookie=cookie, Origin=f"http://{host}") as browser:
        browser.say("hello")
        assert browser.hear("welcome")["user"] == place.ada.user_id


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1"])
def test_a_cookie_from_another_sites_page_is_refused(place, origin):
    with Browser(place.url, Cookie=f"{security.COOKIE}={token_of(place.ada)}", Origin=origin) as browser:
        browser.say("hello")
        assert closing_code(browser) == wire.FOREIGN_PAGE


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5_000, "\u0000"])
def test_who_is_not_signed_in_is_told_so_in_their_language(place, token):
    with Browser(place.url, **{"Accept-Language": "zh-CN"}) as browser:
        browser.say("hello", token=token)
        refused = browser.hear("error")
        assert (refused["code"], refused["message"]) == ("sign_in_required", "请先登录。")
        assert closing_code(browser) == wire.NOT_SIGNED_IN


@pytest.mark.parametrize(
    "first", ["", "[]", "{}", "nonsense", '{"type": "ping"}', '{"type": "hello", "token": 7}', "[" * 30_000]
)
def test_whoever_does_not_begin_with_hello_is_sent_away(place, first):
    with Browser(place.url) as browser:
        browser.socket.send(first)
        assert closing_code(browser) == wire.NO_HELLO


def test_who_says_nothing_at_all_is_not_waited_for(place, monkeypatch):
    monkeypatch.setattr(wire, "HELLO_SECONDS", 0.2)
    with Browser(place.url) as browser:
        assert closing_code(browser) == wire.TOO_QUIET


def test_who_falls_silent_is_let_go_and_pings_keep_one_here(place, monkeypatch):
    monkeypatch.setattr(wire, "IDLE_SECONDS", 0.5)
    with Browser(place.url) as browser:
        browser.hello(token_of(place.ada))
        for _ in range(4):
            time.sleep(0.25)
            browser.say("ping")
            browser.hear("pong")
        assert closing_code(browser) == wire.TOO_QUIET


def test_a_huge_frame_ends_the_connection(place, ada):
    ada.socket.send("x" * (wire.FRAME_BYTES_MAX + 1))
    assert closing_code(ada) == wire.TOO_LARGE


def test_one_person_has_a_limited_number_of_screens(place, monkeypatch):
    monkeypatch.setattr(wire, "CONNECTIONS_MAX", 1)
    token = token_of(place.ada)
    with Browser(place.url) as first, Browser(place.url) as second:
        first.hello(token)
        second.say("hello", token=token)
        assert second.hear("error")["code"] == "too_many"
        assert closing_code(second) == wire.TOO_MUCH


def test_who_signs_out_elsewhere_loses_the_connection(place, monkeypatch):
    monkeypatch.setattr(wire, "CHECK_SIGN_IN_SECONDS", 0)
    token = token_of(place.ada)
    with Browser(place.url) as browser:
        browser.hello(token)
        with unit_of_work() as uow:
            accounts.sign_out(uow, token=token)
        browser.say("ping")
        assert closing_code(browser) == wire.NOT_SIGNED_IN


def test_connections_leave_nothing_behind(place):
    with Browser(place.url) as browser:
        browser.hello(token_of(place.ada))
        assert live.open_connections() == 1
    until = time.monotonic() + 5
    while live.open_connections() and time.monotonic() < until:
        time.sleep(0.02)
    assert live.open_connections() == 0
    hub = service(RealtimeHub)
    assert isinstance(hub, MemoryHub)
    assert not hub.has_listeners(f"user:{place.ada.user_id}")
