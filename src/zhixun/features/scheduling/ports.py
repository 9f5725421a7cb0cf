"""Calendars kept elsewhere, of which only one thing is asked: when their owner is busy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .rules import Problem, Stretch


@dataclass(frozen=True)
class Source:
    """A calendar to read. `zone` is the clock of times and days that name none."""

    address: str
    zone: str


class Unreadable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class BusyCalendars(Protocol):
    def read(self, source: Source, *, from_: datetime, until: datetime) -> list[Stretch]:
        """When the calendar's owner is busy within [from_, until): ascending, apart from each other, aware UTC. Repeated
        entries are unfolded; what is marked free or cancelled is left out. Takes a limited time. Raises Unreadable."""
