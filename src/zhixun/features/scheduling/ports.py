"""Calendars kept elsewhere, of which only one thing is asked: when their owner is busy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from .rules import Login, Problem, Stretch


@dataclass(frozen=True)
class Source:
    """A calendar to read: an ICS file, or with a `login` a CalDAV collection. `zone` is the clock of times and days that
    name none. `own` are the UIDs of our own entries, which keep nobody busy: what they say, we know better."""

    address: str
    zone: str
    login: Login | None = None
    own: frozenset[str] = field(default=frozenset(), repr=False)


class Unreadable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class BusyCalendars(Protocol):
    def read(self, source: Source, *, from_: datetime, until: datetime) -> list[Stretch]:
        """When the calendar's owner is busy within [from_, until): ascending, apart from each other, aware UTC. Repeated
        entries are unfolded; what is marked free or cancelled is left out, and so are `own` ones. Takes a limited time. Raises Unreadable."""
