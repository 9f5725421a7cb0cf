"""What the kernel asks of the outside, for every feature."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .errors import N_, DomainError


class RealtimeHub(Protocol):
    """Carries live signals between people's open screens. Losing one is harmless: a browser asks for what it missed.

    A hub that knows it may have lost some hands every subscriber the frame {"type": "resync"}.
    """

    def publish(self, channel: str, frame: Mapping[str, Any]) -> None:
        """Hand `frame` (JSON-able) to everyone subscribed to `channel`. Thread-safe; never blocks on a slow reader."""

    def subscribe(self, channel: str, deliver: Callable[[Mapping[str, Any]], None]) -> Callable[[], None]:
        """Call `deliver(frame)` (from any thread, must not block) for each frame; the answer ends the subscription."""


class BlobStore(Protocol):
    """Keeps what is too large for the database. Give it sealed data only (sealed.seal_blob)."""

    def put(self, blob_id: str, data: bytes) -> None:
        """Keep `data` under an id. The same id again replaces it; whoever reads sees the one or the other, whole."""

    def get(self, blob_id: str) -> bytes | None:
        """What was put there, or None."""

    def delete(self, blob_id: str) -> None:
        """Forget it. Twice is once."""


@dataclass(frozen=True)
class MasterKey:
    name: str
    secret: bytes = field(repr=False)
    """32 bytes."""


class KeyRing(Protocol):
    """Where the house's master keys are kept: apart from the database, so that a copy of the one tells nothing."""

    def keys(self) -> tuple[MasterKey, ...]:
        """All of them, the newest last, never none. Cheap: asked for every key that is unwrapped."""

    def add(self) -> MasterKey:
        """Make a new newest one. Raises RingIsGiven where an operator has to."""


class RingIsGiven(DomainError):
    code, message = (
        "ring_is_given",
        N_("The master keys are given from outside: put a new one last there, then run this again."),
    )
