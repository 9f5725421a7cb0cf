"""What /live promises to a browser."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests import make
from tests.conftest import KEYS
from tests.web.live_server import Browser, serving, token_of
from zhixun.adapters.realtime_hub.memory import MemoryHub
from zhixun.app import create_app
from zhixun.features.accounts import actions as accounts
from zhixun.features.messaging import actions, queries
from zhixun.features.messaging.sockets import message_frame
from zhixun.kernel.ports import RealtimeHub
from zhixun.kernel.services import provide, service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id
from zhixun.settings import Settings
from zhixun.web import live, security
from zhixun.web.live import switchboard, wire


@dataclass(frozen=True)
class Place:
    url: str
    ada: Actor
    grace: Actor
    booking: str
    conversation: str


@pytest.fixture
def place(db_url: str, tmp_path: Path) -> Iterator[Place]:
    """A running gateway, Ada with a confirmed booking at Grace's, and their conversation."""
    create_app(Settings(keys=KEYS, data_dir=tmp_path, rate_limits=False), db_url)
    with unit_of_work(now=make.NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking = make.paid_booking(uow, client=ada, consultant=grace)
        conversation = actions.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
    with serving() as url:
        yield Place(url, ada, grace.actor, booking, conversation)


@pytest.fixture
def ada(place: Place) -> Iterator[Browser]:
    with Browser(place.url) as browser:
        browser.hello(token_of(place.ada))
        yield browser


@pytest.fixture
def grace(place: Place) -> Iterator[Browser]:
    with Browser(place.url) as browser:
        browser.hello(token_of(place.grace))
        yield browser


def closing_code(browser: Browser, seconds: float = 15) -> int | None:
    try:
        while True:
            browser.socket.recv(timeout=seconds)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


# Coming in


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


# Talking


def test_what_one_says_both_hear_numbered(place, ada, grace):
    ada.say("send", conversation=place.conversation, client_id="k1", text="你好 🙂")
    heard = grace.hear("message")
    assert heard == ada.hear("message")
    assert (heard["seq"], heard["client_id"], heard["text"], heard["sender"]) == (1, "k1", "你好 🙂", place.ada.user_id)


def test_said_twice_it_is_heard_once_and_answered_with_a_receipt(place, ada, grace):
    for _ in range(2):
        ada.say("send", conversation=place.conversation, client_id="k1", text="hello")
    first, receipt = ada.hear("message"), ada.hear("receipt")
    assert (receipt["seq"], receipt["id"], receipt["client_id"]) == (1, first["id"], "k1")
    grace.hear("message")
    assert grace.hears_nothing()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"text": ""}, "invalid"),
        ({"text": "   \n"}, "invalid"),
        ({"text": "x" * 4_001}, "invalid"),
        ({"text": None}, "invalid"),
        ({"text": ["x"]}, "invalid"),
        ({"client_id": ""}, "invalid"),
        ({"client_id": "x" * 65}, "invalid"),
        ({"client_id": 7}, "invalid"),
        ({"client_id": None}, "invalid"),
        ({"reply_to": new_id()}, "invalid"),
        ({"reply_to": {"a": 1}}, "invalid"),
        ({"conversation": new_id()}, "not_found"),
        ({"conversation": "'; --"}, "not_found"),
        ({"conversation": None}, "not_found"),
        ({"conversation": 12}, "not_found"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words_and_the_connection_stays(place, ada, frame, code):
    whole = {"conversation": place.conversation, "client_id": "k1", "text": "hello", **frame}
    ada.say("send", **whole)
    refused = ada.hear("error")
    assert refused["code"] == code
    assert refused["message"]
    assert refused["about"] == "send"
    ada.say("ping")
    assert ada.hear("pong", "message")["type"] == "pong"


@pytest.mark.parametrize(
    "said",
    ["nonsense", "[]", '{"type": 1}', "{}", '{"type": "dance"}', '{"type": "catch_up"}', '{"type": "x", "a": NaN}'],
)
def test_nonsense_gets_an_error_and_the_connection_stays(place, ada, said):
    ada.socket.send(said)
    assert ada.hear("error")["code"] == "invalid"
    ada.say("ping")
    ada.hear("pong")


def test_bytes_get_an_error_and_the_connection_stays(place, ada):
    ada.socket.send(b"\x00\x01")
    assert ada.hear("error")["code"] == "invalid"


def test_someone_elses_conversation_is_not_found_whatever_one_asks(place):
    with unit_of_work(now=make.NOW) as uow:
        bob, olga = make.client(uow, "Bob"), make.operator(uow)
    for stranger in (bob, olga):
        with Browser(place.url) as browser:
            assert browser.hello(token_of(stranger), after={place.conversation: 0})["conversations"] == {}
            assert browser.hear("error")["code"] == "not_found"
            for kind in ("send", "read", "typing"):
                browser.say(kind, conversation=place.conversation, client_id="k", text="hello", seq=1)
                assert browser.hear("error", "message", "receipt")["code"] == "not_found"
            for kind in ("join", "leave", "signal"):
                browser.say(kind, booking=place.booking, data={})
                assert browser.hear("error", "presence", "peer")["code"] == "not_found"


def test_typing_is_shown_to_the_other_only(place, ada, grace):
    ada.say("typing", conversation=place.conversation)
    assert grace.hear("typing")["user"] == place.ada.user_id
    assert ada.hears_nothing()


def test_reading_is_shown_to_both_and_never_goes_back_or_too_far(place, ada, grace):
    ada.say("send", conversation=place.conversation, client_id="k1", text="hello")
    grace.hear("message")
    for said, mark in ((1, 1), (0, 1), (99, 1)):
        grace.say("read", conversation=place.conversation, seq=said)
        seen = ada.hear("receipt")
        assert (seen["user"], seen["seq"]) == (place.grace.user_id, mark)
    grace.say("read", conversation=place.conversation, seq=-1)
    assert grace.hear("error")["code"] == "invalid"
    grace.say("read", conversation=place.conversation, seq="1")
    assert grace.hear("error")["code"] == "invalid"


def test_more_frames_than_allowed_are_refused(place, ada, monkeypatch):
    monkeypatch.setitem(switchboard.limits, "on", True)
    monkeypatch.setattr(wire, "FRAMES_PER_SECOND", 0.01)
    for _ in range(wire.FRAMES_BURST):
        ada.say("ping")
    ada.say("typing", conversation=place.conversation)
    assert ada.hear("error")["code"] == "too_many"


def test_who_goes_on_after_many_refusals_is_sent_away(place, ada, monkeypatch):
    monkeypatch.setitem(switchboard.limits, "on", True)
    monkeypatch.setattr(wire, "FRAMES_PER_SECOND", 0.01)
    for _ in range(wire.FRAMES_BURST + wire.STRIKES_MAX + 1):
        ada.say("ping")
    assert closing_code(ada) == wire.TOO_MUCH


# The room


def test_both_learn_that_the_other_is_in_the_room_and_when_they_leave(place, ada, grace):
    ada.say("join", booking=place.booking)
    assert ada.hear("presence")["state"] == "confirmed"
    grace.say("join", booking=place.booking)
    assert ada.hear("presence")["user"] == place.grace.user_id
    peer = grace.hear("peer")
    assert (peer["user"], peer["here"]) == (place.ada.user_id, True)
    grace.socket.close()
    gone = ada.hear("presence")
    assert (gone["user"], gone["here"]) == (place.grace.user_id, False)


def test_who_closes_one_of_two_tabs_is_still_here(place, ada, grace):
    grace.say("join", booking=place.booking)
    grace.hear("presence")
    ada.say("join", booking=place.booking)
    with Browser(place.url) as second:
        second.hello(token_of(place.ada))
        second.say("join", booking=place.booking)
        second.hear("presence")
    seen = [grace.hear("presence") for _ in range(4)]
    assert [frame["here"] for frame in seen] == [True, True, False, True]


def test_signals_reach_the_other_unread(place, ada, grace):
    data = {"sdp": "v=0\r\n" * 500, "odd": "\ud800 \u0000 知"}
    ada.say("signal", booking=place.booking, data=data)
    assert grace.hear("signal")["data"] == data
    assert ada.hears_nothing()


# Order, and exactly once


def test_who_comes_back_is_sent_what_follows_and_nothing_else(place):
    with unit_of_work(place.ada) as uow:
        for number in range(250):
            actions.send_message(uow, conversation_id=place.conversation, key=f"k{number}", text=str(number))
    for known in (0, 1, 100, 249, 250, 9_999):
        with Browser(place.url) as browser:
            browser.hello(token_of(place.grace), after={place.conversation: known, "nonsense": "x"})
            for seq in range(known + 1, 251):
                assert browser.hear("message")["seq"] == seq
            assert browser.hears_nothing(0.1)


def test_frames_lost_doubled_or_shuffled_on_the_way_are_put_right(place, grace):
    hub = service(RealtimeHub)
    frames = []
    with unit_of_work(place.ada) as uow:
        for number in range(30):
            line = actions.send_message(uow, conversation_id=place.conversation, key=f"k{number}", text="x")
            frames.append(message_frame(line))
    shuffled = [*frames[5:], *frames[:3], *frames[10:20]]
    random.Random(7).shuffle(shuffled)
    for frame in shuffled:
        hub.publish(f"user:{place.grace.user_id}", frame)
    assert [grace.hear("message")["seq"] for _ in range(30)] == list(range(1, 31))
    assert grace.hears_nothing()


def test_after_a_resync_nothing_is_missing(place, grace):
    with unit_of_work(place.ada) as uow:
        actions.send_message(uow, conversation_id=place.conversation, key="k", text="lost on the way")
    service(RealtimeHub).publish(f"user:{place.grace.user_id}", {"type": "resync"})
    assert grace.hear("message")["seq"] == 1


def test_a_slow_reader_is_let_go_and_comes_back_to_everything(place, monkeypatch):
    monkeypatch.setattr(wire, "QUEUE_FRAMES_MAX", 4)
    monkeypatch.setattr(wire, "SEND_SECONDS", 0.3)
    with Browser(place.url) as browser:
        browser.hello(token_of(place.grace))
        flood = {"type": "notice", "data": "x" * 200_000}
        for _ in range(300):
            service(RealtimeHub).publish(f"user:{place.grace.user_id}", flood)
            time.sleep(0.002)
        assert closing_code(browser) in {wire.TOO_SLOW, None}


CUTS = 200


def test_with_the_line_cut_two_hundred_times_both_sides_end_equal(place):
    """Two people write through connections that break at random, resend what was not acknowledged, and resume."""
    dice = random.Random(20261124)
    people = [Talker(place, place.ada, "a", dice.random()), Talker(place, place.grace, "g", dice.random())]
    threads = [threading.Thread(target=one.run) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
    everything = len(people[0].sent) + len(people[1].sent)
    threads = [threading.Thread(target=one.drain, args=(everything,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with Session() as db:
        stored = queries.messages(db, place.conversation, place.ada, limit=10_000)
    assert [line.seq for line in stored] == list(range(1, len(stored) + 1))
    assert sum(one.cuts for one in people) >= CUTS
    assert sorted(line.key for line in stored) == sorted(people[0].sent + people[1].sent)
    for one in people:
        assert one.seen == [(line.seq, line.key) for line in stored], "each once, in order"


class Talker:
    """Writes messages over a connection that it cuts at random; keeps what it saw across cuts, as a browser does."""

    def __init__(self, place: Place, actor: Actor, prefix: str, seed: float) -> None:
        self.place, self.token, self.prefix = place, token_of(actor), prefix
        self.dice = random.Random(seed)
        self.seen: list[tuple[int, str]] = []
        self.sent: list[str] = []
        self.waiting: list[str] = []
        self.cuts = 0

    def run(self) -> None:
        while self.cuts < CUTS // 2:
            with Browser(self.place.url) as browser:
                self._come_back(browser)
                for _ in range(self.dice.randint(0, 5)):
                    self._write(browser)
                    self._listen(browser, self.dice.choice([0, 0, 0.002, 0.01]))
                self.cuts += 1
                if self.dice.random() < 0.7:
                    browser.socket.socket.close()  # a cut, not a goodbye

    def drain(self, expected: int) -> None:
        with Browser(self.place.url) as browser:
            self._come_back(browser)
            until = time.monotonic() + 20
            while (len(self.seen) < expected or self.waiting) and time.monotonic() < until:
                self._listen(browser, 0.1)

    def _come_back(self, browser: Browser) -> None:
        browser.hello(self.token, after={self.place.conversation: len(self.seen)})
        for key in list(self.waiting):
            browser.say("send", conversation=self.place.conversation, client_id=key, text=key)

    def _write(self, browser: Browser) -> None:
        key = f"{self.prefix}{len(self.sent)}"
        self.sent.append(key)
        self.waiting.append(key)
        browser.say("send", conversation=self.place.conversation, client_id=key, text=key)

    def _listen(self, browser: Browser, seconds: float) -> None:
        while True:
            try:
                frame = json.loads(browser.socket.recv(timeout=seconds))
            except TimeoutError:
                return
            if frame["type"] == "message":
                self.seen.append((frame["seq"], frame["client_id"]))
            if frame["type"] in {"message", "receipt"} and frame["client_id"] in self.waiting:
                self.waiting.remove(frame["client_id"])


def test_a_hub_without_memory_of_us_is_no_trouble(place):
    """The gateway asks for the hub when it needs it, so another may be put behind the port."""
    provide(RealtimeHub, MemoryHub())
    with Browser(place.url) as browser:
        browser.hello(token_of(place.ada))
