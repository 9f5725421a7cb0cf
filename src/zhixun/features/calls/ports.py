from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class IceServer:
    """A server that helps two browsers find a way to each other, in the words of the browsers' own interface."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)


class IceServers(Protocol):
    relay_only: bool
    """Whether calls go through the relay always, so that neither learns the other's address."""

    def for_person(self, user_id: str, now: datetime) -> list[IceServer]:
        """What this person's browser may use; credentials are theirs alone and end by themselves."""
