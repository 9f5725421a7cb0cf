"""Every message in order and exactly once, whatever happens to the line."""

from __future__ import annotations

import json
import random
import threading
import time

from tests.web.live.place import Place, closing_code
from tests.web.live_server import Browser, token_of
from zhixun.adapters.realtime_hub.memory import MemoryHub
from zhixun.features.messaging import actions, queries
from zhixun.features.messaging.sockets import message_frame
from zhixun.kernel.ports import RealtimeHub
from zhixun.kernel.services import provide, service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor
from zhixun.web.live import wire


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
