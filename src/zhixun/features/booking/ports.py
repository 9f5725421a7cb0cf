"""Calendars kept elsewhere that consultants want their sessions in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from zhixun.features.scheduling.rules import Login, Problem


@dataclass(frozen=True)
class HouseAddress:
    """Where this house is found on the net, as https://zhixun.example."""

    url: str


@dataclass(frozen=True)
class Place:
    """A collection on a server, and who we are there."""

    address: str
    login: Login


class Unwritable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class CalendarCopies(Protocol):
    """Both take a limited time, may be done twice, and raise Unwritable."""

    def put(self, place: Place, *, name: str, uid: str, text: bytes) -> None:
        """Let the entry stand in the collection as `text` says (iCalendar, without a method). `name` is its file's, and
        the entry of this `uid` is replaced wherever it stands there."""

    def remove(self, place: Place, *, name: str, uid: str) -> None:
        """Let it not stand there. One that is gone already is no mistake."""
