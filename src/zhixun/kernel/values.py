"""Small values shared by all: money, words in two languages, ids, actors, instants."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import uuid6

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

ID_LENGTH = 32
"""Characters of an id: a UUIDv7 as lower-case hex."""
AMOUNT_LENGTH_MAX = 20


def new_id() -> str:
    """A new UUIDv7 as 32 hex characters; later ids sort after earlier ones."""
    return uuid6.uuid7().hex


def is_id(text: object) -> bool:
    """Whether `text` has the form of an id; anything else is refused before it reaches the database."""
    return isinstance(text, str) and len(text) == ID_LENGTH and all(c in "0123456789abcdef" for c in text)


def plain_text(text: str) -> str:
    """What a person wrote, as it may be stored: one kind of line end, no blanks around it, and none of the characters
    that no database or no screen can hold (NUL and other control characters, halves of surrogate pairs)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()


_AMOUNT = re.compile(r"\d{1,13}(?:\.(\d{0,2})0*)?")


def hundredths(text: str) -> int | None:
    """An amount as it is written, "120", "1,200" or "120.50", in hundredths; None for anything else. Of digits alone:
    what "1e999999" means would keep a machine busy for hours."""
    plain = unicodedata.normalize("NFKC", text[:AMOUNT_LENGTH_MAX]).replace(",", "").strip()
    found = _AMOUNT.fullmatch(plain) if plain.isascii() else None
    return int(plain.partition(".")[0]) * 100 + int((found[1] or "").ljust(2, "0")) if found else None


def utc_now() -> datetime:
    """The clock. Only this function reads it; everyone else asks `uow.now`."""
    return datetime.now(UTC)


@dataclass(frozen=True, order=True)
class Money:
    """An exact amount in the smallest unit of its currency (`currency` is an ISO 4217 code)."""

    amount_minor: int
    currency: str = "CNY"

    def __add__(self, other: Money) -> Money:
        assert self.currency == other.currency, "money of two currencies cannot be added"
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def share_bps(self, basis_points: int) -> Money:
        """The given share (1 bp = 0.01 %), rounded half up; the remainder stays with the other party."""
        return Money((self.amount_minor * basis_points * 2 + 10_000) // 20_000, self.currency)


@dataclass(frozen=True)
class Words:
    """The same words in Chinese and English. Content may have one only; then that one is shown."""

    zh: str = ""
    en: str = ""

    def in_language(self, language: str) -> str:
        """The words in `language` ("zh" or "en"), or in the other where they are missing."""
        return (self.en or self.zh) if language == "en" else (self.zh or self.en)

    def as_dict(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}

    @classmethod
    def of(cls, stored: Mapping[str, str] | None) -> Words:
        return cls(stored.get("zh", ""), stored.get("en", "")) if stored else cls()


@dataclass(frozen=True)
class Actor:
    """Who does the work: a signed-in person, a visitor, or the system itself."""

    user_id: str
    roles: frozenset[str] = frozenset()
    name: str = ""
    zone: str = "Asia/Shanghai"
    language: str = "zh"
    read_only: bool = False
    """Came with a key that may only read."""
    proved_until: datetime | None = None
    """Until when they need not show again that it is them; None for who did not sign in (a key, a test, the system)."""
    second_factor: bool = False
    """Whether they signed in with a second factor."""
    unconfirmed: bool = False
    """Whether their address is still to be confirmed."""
    withheld: frozenset[str] = frozenset()
    """Roles they would have, had they signed in with a second factor."""

    def is_a(self, role: str) -> bool:
        return role in self.roles

    def is_proved(self, now: datetime) -> bool:
        """Whether they have shown within the last ten minutes that it is really them."""
        return self.proved_until is not None and now < self.proved_until


SYSTEM = Actor("system", frozenset({"system"}))
VISITOR = Actor("")
