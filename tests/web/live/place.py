"""Where the tests of /live take place, and how a connection is seen to end."""

from __future__ import annotations

from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed

from tests.web.live_server import Browser
from zhixun.kernel.values import Actor


@dataclass(frozen=True)
class Place:
    url: str
    ada: Actor
    grace: Actor
    booking: str
    conversation: str


def closing_code(browser: Browser, seconds: float = 15) -> int | None:
    try:
        while True:
            browser.socket.recv(timeout=seconds)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
