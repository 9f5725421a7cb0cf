"""What the kernel asks of the outside, for every feature."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class RealtimeHub(Protocol):
    """Carries live signals between people's open screens. Losing one is harmless: a browser asks for what it missed.

    A hub that knows it may have lost some hands every subscriber the frame {"type": "resync"}.
    """

    def publish(self, channel: str, frame: Mapping[str, Any]) -> None:
        """Hand `frame` (JSON-able) to everyone subscribed to `channel`. Thread-safe; never blocks on a slow reader."""

    def subscribe(self, channel: str, deliver: Callable[[Mapping[str, Any]], None]) -> Callable[[], None]:
        """Call `deliver(frame)` (from any thread, must not block) for each frame; the answer ends the subscription."""
