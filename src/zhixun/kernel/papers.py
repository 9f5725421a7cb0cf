"""A paper to keep or to print, as values: what it says, in one language, every figure written out already.

Whoever has the figures fills a `Paper`; the `Typesetter` behind the port makes a PDF of it. What people wrote stays text
all the way: a paper carries strings, and no string of it is ever read as an instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from .values import Language


@dataclass(frozen=True)
class Facts:
    """Names beside their values: who, when, what."""

    rows: tuple[tuple[str, str], ...]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    hint: str = ""


@dataclass(frozen=True)
class Figures:
    """The few numbers one looks for first, large and side by side."""

    items: tuple[Figure, ...]
    kind: Literal["figures"] = "figures"


@dataclass(frozen=True)
class Row:
    """One line of a table; `notes` (words, amount) stand small below it."""

    cells: tuple[str, ...]
    notes: tuple[tuple[str, str], ...] = ()
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under heads; the last column is the amount. Without rows it says `empty`."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    empty: str = ""
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Bars:
    """Names with a bar each: (name, its share of the full width from 0 to 1, what it says)."""

    title: str
    rows: tuple[tuple[str, float, str], ...]
    kind: Literal["bars"] = "bars"


@dataclass(frozen=True)
class Passages:
    """Paragraphs under a title, set as they are, as quotes, or as a list."""

    title: str
    texts: tuple[str, ...]
    style: Literal["plain", "quote", "list"] = "plain"
    kind: Literal["passages"] = "passages"


Block = Facts | Figures | Table | Bars | Passages


@dataclass(frozen=True)
class Paper:
    language: Language
    house: str
    title: str
    subtitle: str
    number: str
    """What both sides can look for, at the foot of every page."""
    made_at: datetime
    made_on: str
    """The same in words."""
    blocks: tuple[Block, ...]
    small: tuple[str, ...] = field(default=())
    """What has to be said too."""


class Typesetter(Protocol):
    """Sets papers. Slow as papers go (tens of milliseconds): never within a transaction."""

    def pdf(self, paper: Paper) -> bytes:
        """The paper as a PDF of A4 pages, its fonts within it, tagged for screen readers."""
