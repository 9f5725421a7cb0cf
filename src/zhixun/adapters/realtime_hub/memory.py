"""Live signals within one process."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

log = logging.getLogger(__name__)

Deliver = Callable[[Mapping[str, Any]], None]


class MemoryHub:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[str, dict[object, Deliver]] = defaultdict(dict)

    def publish(self, channel: str, frame: Mapping[str, Any]) -> None:
        for deliver in self._of(channel):
            _hand_over(deliver, frame)

    def publish_everywhere(self, frame: Mapping[str, Any]) -> None:
        """Hand `frame` to every subscriber of every channel."""
        with self._lock:
            everyone = [deliver for listeners in self._listeners.values() for deliver in listeners.values()]
        for deliver in everyone:
            _hand_over(deliver, frame)

    def subscribe(self, channel: str, deliver: Deliver) -> Callable[[], None]:
        ticket = object()
        with self._lock:
            self._listeners[channel][ticket] = deliver

        def end() -> None:
            with self._lock:
                listeners = self._listeners.get(channel, {})
                listeners.pop(ticket, None)
                if not listeners:
                    self._listeners.pop(channel, None)

        return end

    def has_listeners(self, channel: str) -> bool:
        with self._lock:
            return channel in self._listeners

    def _of(self, channel: str) -> list[Deliver]:
        with self._lock:
            return list(self._listeners[channel].values()) if channel in self._listeners else []


def _hand_over(deliver: Deliver, frame: Mapping[str, Any]) -> None:
    try:
        deliver(frame)
    except Exception:  # a listener is anyone's code, and the others wait behind it
        log.exception("a listener broke; the others still hear")
