"""The words of the catalogue and the limits of what a page may say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words, is_id, plain_text

CHANNELS = ("video", "voice", "text")
SENIORITIES = ("junior", "senior", "principal")
INTAKE_KINDS = ("text", "long_text", "number", "date", "choice")
MINUTES_MIN, MINUTES_MAX = 10, 240
PRICE_MINOR_MAX = 10_000_000
BUFFER_MINUTES_MAX, INTERVAL_MINUTES_MIN, NOTICE_MINUTES_MAX, HORIZON_DAYS_MAX = 240, 5, 30 * 1_440, 365
ON_REQUEST_NOTICE_MINUTES = 180
"""What waits for a yes is booked so long ahead at least: a request ends two hours before its start."""
TEXT_LENGTH_MAX = 2_000
SHORT_LENGTH_MAX = 200
COMMISSION_BPS = 1_200
"""The platform's share of a price, in basis points (12 %), carried by the consultant."""

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class TopicView:
    id: str
    name: Words
    synonyms: tuple[str, ...] = ()
    crisis: bool = False
    """Whether people in danger may come with it; nothing is ever added to its price."""


@dataclass(frozen=True)
class IntakeQuestion:
    """One question before a session. `kind` is one of INTAKE_KINDS, `choices` belong to "choice"; what answers a
    `sensitive` one is for the consultant's eyes only."""

    name: str
    kind: str
    label: Words
    required: bool
    choices: tuple[tuple[str, Words], ...] = ()
    sensitive: bool = False


@dataclass(frozen=True)
class RubricLevel:
    """What one sees when the score is deserved. Scores between two levels are for what lies between."""

    score: int
    label: Words


@dataclass(frozen=True)
class RubricLine:
    """What a reviewer judges, its share of the whole in basis points, and what low, middle and high look like."""

    name: str
    label: Words
    weight_bps: int
    levels: tuple[RubricLevel, ...] = ()


@dataclass(frozen=True)
class CredentialRequired:
    name: Words
    how: Words


@dataclass(frozen=True)
class FieldView:
    id: str
    name: Words
    summary: Words
    glyph: str
    topics: tuple[TopicView, ...] = ()
    disclaimer: Words = Words()
    crisis_words: tuple[str, ...] = ()
    """Words of either language that mean danger; they are answered with `crisis_help` before anything is sold."""
    crisis_help: Words = Words()
    intake: tuple[IntakeQuestion, ...] = ()
    rubric: tuple[RubricLine, ...] = ()
    credentials_required: tuple[CredentialRequired, ...] = ()


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
    on_request: bool = False
    """Whether each booking waits for the consultant's yes."""

    @property
    def timing(self) -> ServiceTiming:
        return ServiceTiming(
            self.id, self.consultant_id, self.channel, self.minutes, self.price.amount_minor, self.buffer_before_minutes,
            self.buffer_after_minutes, self.interval_minutes, self.notice_minutes, self.horizon_days,
        )  # fmt: skip


class ServiceTiming(NamedTuple):
    """The part of a service that the slot engine and the filters need. Lengths in minutes."""

    id: str
    consultant_id: str
    channel: str
    minutes: int
    price_minor: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    interval_minutes: int
    notice_minutes: int
    horizon_days: int


HARMLESS = (
    "被打断",
    "被打扰",
    "被打动",
    "被打开",
    "被打乱",
    "被打包",
    "被打磨",
    "被打折",
    "被打回",
    "被打脸",
    "被打上",
    "被打印",
)
"""Everyday words in which a word of danger stands by chance: "被打" is beaten, "被打断" interrupted."""


def without_harmless(text: str) -> str:
    """The text as it is looked through for words of danger."""
    for word in HARMLESS:
        text = text.replace(word, " ")
    return text


@dataclass(frozen=True)
class PricingFacts:
    """What the price rules ask about a consultant."""

    seniority: str
    takes_crises: bool
    crisis_words: tuple[str, ...]
    field_id: str


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
    """Raises Invalid."""
    if channel not in CHANNELS:
        raise Invalid(fields={"channel": N_("A session is by video, voice or text.")})
    if not MINUTES_MIN <= minutes <= MINUTES_MAX:
        raise Invalid(fields={"minutes": N_("A session lasts 10 to 240 minutes.")})
    if not 0 <= price.amount_minor <= PRICE_MINOR_MAX:
        raise Invalid(fields={"price": N_("This price is outside what we allow.")})


def check_timing(*, buffers: Sequence[int], interval_minutes: int, notice_minutes: int, horizon_days: int) -> None:
    """Raises Invalid."""
    if not all(0 <= minutes <= BUFFER_MINUTES_MAX for minutes in buffers):
        raise Invalid(fields={"buffer": N_("A break before or after a session lasts at most 240 minutes.")})
    if not INTERVAL_MINUTES_MIN <= interval_minutes <= MINUTES_MAX:
        raise Invalid(fields={"interval": N_("Starts are 5 to 240 minutes apart.")})
    if not 0 <= notice_minutes <= NOTICE_MINUTES_MAX:
        raise Invalid(fields={"notice": N_("Notice is at most 30 days.")})
    if not 0 < horizon_days <= HORIZON_DAYS_MAX:
        raise Invalid(fields={"horizon": N_("Times can be offered 1 to 365 days ahead.")})


def check_commission(commission_bps: int) -> None:
    if not 0 <= commission_bps <= 10_000:
        raise Invalid(fields={"commission": N_("A commission is between 0 and 100 %.")})


def check_slug(slug: str) -> None:
    """Raises Invalid. What has the form of an id is refused too: pages are found by either."""
    if not SLUG.fullmatch(slug) or len(slug) > 80 or is_id(slug):
        raise Invalid(fields={"slug": N_("An address part has small letters, figures and hyphens only.")})


def checked_answers(questions: Sequence[IntakeQuestion], given: Mapping[str, str]) -> dict[str, str]:
    """Question name → answer as it is kept. Raises Invalid naming "q-<name>"."""
    wrong: dict[str, str] = {}
    kept: dict[str, str] = {}
    for one in questions:
        text = plain_text(given.get(one.name, ""))
        if not text:
            if one.required:
                wrong[f"q-{one.name}"] = N_("This answer is needed.")
        elif len(text) > (TEXT_LENGTH_MAX if one.kind == "long_text" else SHORT_LENGTH_MAX):
            wrong[f"q-{one.name}"] = N_("This answer is too long.")
        elif not _fits(one, text):
            wrong[f"q-{one.name}"] = N_("This does not fit the question.")
        else:
            kept[one.name] = text
    if wrong:
        raise Invalid(fields=wrong)
    return kept


def _fits(question: IntakeQuestion, text: str) -> bool:
    if question.kind == "choice":
        return text in {value for value, _ in question.choices}
    if question.kind == "date":
        try:
            date.fromisoformat(text)
        except ValueError:
            return False
    return question.kind != "number" or (text.isascii() and text.isdigit() and len(text) <= 9)


def read_intake(stored: Sequence[Mapping[str, Any]]) -> tuple[IntakeQuestion, ...]:
    """The questions as they are written in a field's data."""
    return tuple(
        IntakeQuestion(
            one["name"], one["kind"], Words.of(one["label"]), one["required"],
            tuple((choice["value"], Words.of(choice["label"])) for choice in one.get("choices", ())),
            one.get("sensitive", False),
        )
        for one in stored
    )  # fmt: skip


def read_rubric(stored: Sequence[Mapping[str, Any]]) -> tuple[RubricLine, ...]:
    return tuple(
        RubricLine(
            one["name"], Words.of(one["label"]), one["weight_bps"],
            tuple(RubricLevel(level["score"], Words.of(level["label"])) for level in one.get("levels", ())),
        )
        for one in stored
    )  # fmt: skip


def read_credentials_required(stored: Sequence[Mapping[str, Any]]) -> tuple[CredentialRequired, ...]:
    return tuple(CredentialRequired(Words.of(one["name"]), Words.of(one["how"])) for one in stored)


def read_field(stored: Mapping[str, Any]) -> FieldView:
    """A field from its data file: taxonomy, duties and warnings, each text in both languages."""
    return FieldView(
        id=stored["id"],
        name=Words.of(stored["name"]),
        summary=Words.of(stored["summary"]),
        glyph=stored["glyph"],
        topics=tuple(
            TopicView(one["id"], Words.of(one["name"]), tuple(one["synonyms"]), one.get("crisis", False))
            for one in stored["topics"]
        ),
        disclaimer=Words.of(stored["disclaimer"]),
        crisis_words=tuple(stored["crisis_words"]),
        crisis_help=Words.of(stored["crisis_help"]),
        intake=read_intake(stored["intake"]),
        rubric=read_rubric(stored["rubric"]),
        credentials_required=read_credentials_required(stored["credentials_required"]),
    )


def stored_intake(questions: Sequence[IntakeQuestion]) -> list[dict[str, Any]]:
    """The form in which a row keeps them; `read_intake` is the way back."""
    return [
        {
            "name": one.name, "kind": one.kind, "label": one.label.as_dict(), "required": one.required,
            "choices": [{"value": value, "label": label.as_dict()} for value, label in one.choices],
            "sensitive": one.sensitive,
        }
        for one in questions
    ]  # fmt: skip


def stored_rubric(lines: Sequence[RubricLine]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name, "label": one.label.as_dict(), "weight_bps": one.weight_bps,
            "levels": [{"score": level.score, "label": level.label.as_dict()} for level in one.levels],
        }
        for one in lines
    ]  # fmt: skip


def stored_credentials_required(required: Sequence[CredentialRequired]) -> list[dict[str, Any]]:
    return [{"name": one.name.as_dict(), "how": one.how.as_dict()} for one in required]
