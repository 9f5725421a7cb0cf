"""Live signals between processes and machines, by Redis publish and subscribe.

For houses whose live traffic has outgrown the database: nothing is written anywhere, and a frame may be of any size. Each
process has one listening thread; a frame reaches the subscribers of its own process at once and directly. When the
listener has lost its connection, frames may be missing: then every subscriber is handed {"type": "resync"}.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from zhixun.kernel.values import new_id

from .memory import Deliver, MemoryHub

log = logging.getLogger(__name__)

NOTICE = "zhixun:live"
CONNECT_SECONDS_MAX, PUBLISH_SECONDS_MAX = 3.0, 2.0
LISTEN_SECONDS = 5.0
"""How long a first subscriber waits for the listener; also how often a quiet listener looks whether it still hears."""
LOOK_UP_SECONDS = 0.5
RETRY_SECONDS_FIRST, RETRY_SECONDS_MAX = 0.1, 3.0
RESYNC = {"type": "resync"}


class RedisHub:
    def __init__(self, url: str) -> None:
        self._here = MemoryHub()
        self._process = new_id()
        self._starting = threading.Lock()
        self._listens = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        # Tried once and no longer: whoever missed a frame asks for it, and nobody should wait for a server that is away.
        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS_MAX, socket_timeout=PUBLISH_SECONDS_MAX,
            health_check_interval=LISTEN_SECONDS, retry=Retry(NoBackoff(), 0),
        )  # fmt: skip

    def publish(self, channel: str, frame: Mapping[str, Any]) -> None:
        self._here.publish(channel, frame)
        said = json.dumps({"from": self._process, "to": channel, "frame": frame}, separators=(",", ":"))
        try:
            self._redis.publish(NOTICE, said)
        except redis.RedisError:
            log.warning("a live signal was not passed on to other processes: Redis is away", exc_info=True)

    def subscribe(self, channel: str, deliver: Deliver) -> Callable[[], None]:
        end = self._here.subscribe(channel, deliver)
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen_for_ever, name="realtime-hub", daemon=True)
                self._thread.start()
        self._listens.wait(LISTEN_SECONDS)
        return end

    def close(self) -> None:
        """End the listener and the connections; tests need it, a process simply ends."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(LISTEN_SECONDS)
        self._redis.close()

    def _listen_for_ever(self) -> None:
        pause, heard_before = RETRY_SECONDS_FIRST, False
        while not self._ended.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as ear:  # type: ignore[no-untyped-call]  # theirs has no types
                    ear.subscribe(NOTICE)
                    self._listens.set()
                    if heard_before:
                        self._here.publish_everywhere(RESYNC)
                    pause, heard_before = RETRY_SECONDS_FIRST, True
                    while not self._ended.is_set():
                        if (said := ear.get_message(timeout=LOOK_UP_SECONDS)) is not None:
                            self._hear(said["data"])
            except redis.RedisError as error:
                log.warning("the live listener lost Redis (%s); it tries again in %.1f s", error, pause)
                self._ended.wait(pause)
                pause = min(pause * 2, RETRY_SECONDS_MAX)

    def _hear(self, payload: bytes) -> None:
        said = json.loads(payload)
        if said["from"] != self._process:
            self._here.publish(said["to"], said["frame"])
