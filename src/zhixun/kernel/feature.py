"""What a feature brings to the app. Each feature fills one of these in its feature.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .event import Event
from .personal import Holding
from .values import Actor

if TYPE_CHECKING:
    from flask import Blueprint

LiveFunction = Callable[[Actor, Mapping[str, Any]], Mapping[str, Any] | None]
"""One thing a browser may say over /live: (who, frame) → the frame to answer, or None. Runs in a worker thread."""


@dataclass(frozen=True)
class Job:
    """Work that the clock starts. `at` is a cron line in UTC."""

    run: Callable[[], None]
    at: str


@dataclass(frozen=True)
class Command:
    """`zhixun <feature> <verb>`, or `zhixun <noun> <verb>` where another word says it better; a noun that says all needs
    no verb. `run` gets the parsed
    arguments and returns the exit code (0 = holds).

    `needs_database=False` for commands that work on files alone.
    """

    verb: str
    help: str
    run: Callable[[argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    needs_database: bool = True
    noun: str = ""


@dataclass(frozen=True)
class MenuEntry:
    """A line of a menu. `place` is "me" (everyone signed in), "pro" (a consultant's own pages) or "ops" (the desk);
    `label` is the English sentence; `order` sorts within the place; `right` hides it from operators who lack it, `role`
    from everyone who does not hold it; `marks` are further endpoints of the same feature for which the line counts as the page one is on."""

    place: Literal["me", "pro", "ops"]
    endpoint: str
    icon: str
    label: str
    order: int
    right: str = ""
    marks: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True)
class Feature:
    name: str
    blueprints: Sequence[Blueprint] = ()
    handlers: Mapping[type[Event], Sequence[Callable[[Any], None]]] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    commands: Sequence[Command] = ()
    sockets: Mapping[str, LiveFunction] = field(default_factory=dict)
    menu: Sequence[MenuEntry] = ()
    panels: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    """What this feature adds to a page of a feature below it: the page's place ("session") → a function of the
    view that the page shows, which returns HTML or nothing."""
    row_panels: Mapping[str, Callable[[Any], Mapping[str, str]]] = field(default_factory=dict)
    """What it adds to the rows of a list there: the list's place ("sessions") → a function of all the views of the list,
    which returns HTML by the view's id. One question for a whole list, however long it is."""
    personal_data: Sequence[Holding] = ()
    """What it sees to itself when a person is erased; the rest its tables say."""
