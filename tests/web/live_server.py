"""The real gateway under uvicorn in a thread, and a small client for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.sync.client import ClientConnection, connect

from zhixun.features.accounts import actions as accounts
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor
from zhixun.web import live


@contextmanager
def serving() -> Iterator[str]:
    """Yields "ws://127.0.0.1:port/live"."""
    app = Starlette(routes=[WebSocketRoute("/live", live.endpoint)])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws_max_size=live.FRAME_BYTES_MAX,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/live"
    server.should_exit = True
    thread.join(10)


def token_of(actor: Actor) -> str:
    with unit_of_work() as uow:
        return accounts.sign_in(uow, user_id=actor.user_id, kind="api").token


class Browser:
    """One open screen. `say` sends a frame; `hear` waits for the next frame of a kind and passes over others."""

    def __init__(self, url: str, **headers: str) -> None:
        self._line = ExitStack()
        self.socket: ClientConnection = self._line.enter_context(
            connect(
                url, additional_headers=headers, ping_interval=None, compression=None, max_size=None, close_timeout=1
            )
        )

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def say(self, kind: str, **frame: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **frame}))

    def hello(self, token: str, **more: Any) -> dict[str, Any]:
        self.say("hello", token=token, **more)
        return self.hear("welcome")

    def hear(self, *kinds: str, seconds: float = 10) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while True:
            frame: dict[str, Any] = json.loads(self.socket.recv(timeout=max(0.01, until - time.monotonic())))
            if frame["type"] in kinds:
                return frame

    def hears_nothing(self, seconds: float = 0.3) -> bool:
        try:
            frame = self.socket.recv(timeout=seconds)
        except TimeoutError:
            return True
        raise AssertionError(frame)
