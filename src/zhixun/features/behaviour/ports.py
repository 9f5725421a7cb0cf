"""What behaviour asks of a log. People have no names in it: `person` is a name of nobody (see actions.pseudonym)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .rules import Interaction


@dataclass(frozen=True)
class Logged:
    """An interaction, and under which name of nobody it is kept."""

    person: str
    interaction: Interaction


class InteractionLog(Protocol):
    """Every method is safe from any thread. What is added can be read at once, by every process."""

    def add(self, person: str, interactions: Sequence[Interaction]) -> int:
        """Keep these, each once per person by its id. Returns how many are new."""

    def of_person(self, person: str, *, since: datetime | None = None, limit: int = 1_000) -> list[Interaction]:
        """The latest first."""

    def everything(self, *, since: datetime | None = None) -> Iterator[Logged]:
        """All there is from `since` on, the earliest first; what is added meanwhile may or may not be among it."""

    def forget_person(self, person: str) -> int:
        """Delete all that is kept under this name; returns how much it was. Twice is no mistake."""

    def forget_before(self, moment: datetime) -> int:
        """Delete what happened before; returns how much it was."""

    def count(self) -> int: ...
