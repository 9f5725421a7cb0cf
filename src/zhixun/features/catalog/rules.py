"""The words of the catalogue and the limits of what a page may say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words

CHANNELS = ("video", "voice", "text")
SENIORITIES = ("junior", "senior", "principal")
MINUTES_MIN, MINUTES_MAX = 10, 240
PRICE_MINOR_MAX = 10_000_000
TEXT_LENGTH_MAX = 2_000
COMMISSION_BPS = 1_200
"""The platform's share of a price, in basis points (12 %), carried by the consultant."""

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class TopicView:
    id: str
    name: Words
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class FieldView:
    id: str
    name: Words
    summary: Words
    glyph: str
    topics: tuple[TopicView, ...] = ()
    disclaimer: Words = Words()
    crisis_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceView:
    id: str
    consultant_id: str
    channel: str
    minutes: int
    price: Money
    title: Words
    note: Words
    included: tuple[Words, ...]
    buffer_before_minutes: int
    buffer_after_minutes: int
    interval_minutes: int
    notice_minutes: int
    horizon_days: int
    active: bool


@dataclass(frozen=True)
class CredentialView:
    name: Words
    how: Words
    number: str
    checked_on: date
    expires_on: date | None


@dataclass(frozen=True)
class ConsultantCard:
    id: str
    slug: str
    name: Words
    title: Words
    line: Words
    city: Words
    field_id: str
    topic_ids: tuple[str, ...]
    languages: tuple[str, ...]
    years: int
    seniority: str
    gender: str
    portrait: str
    credentials_count: int
    services: tuple[ServiceView, ...]

    @cached_property
    def first_service(self) -> ServiceView | None:
        """What the card shows: the dearest of the longest would scare, so the first the consultant listed."""
        return self.services[0] if self.services else None

    @property
    def price_from(self) -> Money:
        return min((service.price for service in self.services), default=Money(0))


@dataclass(frozen=True)
class ConsultantPage:
    card: ConsultantCard
    about: Words
    good_for: tuple[Words, ...]
    not_for: tuple[Words, ...]
    credentials: tuple[CredentialView, ...]
    commission_bps: int


def check_service(*, channel: str, minutes: int, price: Money) -> None:
    if channel not in CHANNELS:
        raise Invalid(fields={"channel": N_("A session is by video, voice or text.")})
    if not MINUTES_MIN <= minutes <= MINUTES_MAX:
        raise Invalid(fields={"minutes": N_("A session lasts 10 to 240 minutes.")})
    if not 0 <= price.amount_minor <= PRICE_MINOR_MAX:
        raise Invalid(fields={"price": N_("This price is outside what we allow.")})


def check_slug(slug: str) -> None:
    if not SLUG.fullmatch(slug) or len(slug) > 80:
        raise Invalid(fields={"slug": N_("An address part has small letters, figures and hyphens only.")})
