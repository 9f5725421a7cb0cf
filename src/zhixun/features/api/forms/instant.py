"""Instant consultation: what programs may send and what they are answered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zhixun.features.instant.rules import QUESTION_LENGTH_MAX, QUESTION_LENGTH_MIN
from zhixun.kernel.errors import N_

from .answers import Channel, MoneyShown, PaymentAsked
from .asked import Cursor, Limit, ShortName
from .kinds import Answer, Asked, At, Id, Instant, Text

CallState = Literal["unpaid", "ringing", "answered", "unanswered", "withdrawn", "lapsed"]


class AvailabilityWanted(Asked):
    until: Annotated[Instant | None, Field(description=N_("Null: not available any more."))] = None


class AvailabilityKept(Answer):
    until: At | None


class ChoicesWanted(Asked):
    field: ShortName
    cursor: Cursor
    limit: Limit


class ChoiceShown(Answer):
    field: str
    channel: Channel
    minutes: int
    consultants: Annotated[int, Field(description=N_("How many could answer now."))]
    lowest: MoneyShown
    highest: Annotated[MoneyShown, Field(description=N_("What is paid first; the difference comes back."))]


class FreeShown(Answer):
    field: str
    consultants: Annotated[int, Field(description=N_("How many could answer now."))]


class Choices(Answer):
    items: list[ChoiceShown]
    next: str | None
    free: Annotated[list[FreeShown], Field(description=N_("By field, each consultant once."))]


class RingsWanted(Asked):
    cursor: Cursor
    limit: Limit


class RingShown(Answer):
    id: str
    question: Annotated[str, Field(description=N_("What is asked, in the client's own words."))]
    field: str
    service_id: str
    channel: Channel
    minutes: int
    price: MoneyShown
    rings_until: At
    passed: Annotated[bool, Field(description=N_("You said that you cannot take it."))]


class Rings(Answer):
    items: list[RingShown]
    next: str | None


class CallWanted(Asked):
    id: Annotated[Id | None, Field(description=N_("Chosen by you: sent twice, done once."))] = None
    question: Annotated[Text, Field(min_length=QUESTION_LENGTH_MIN, max_length=QUESTION_LENGTH_MAX)]
    field: Annotated[Text, Field(max_length=80)]
    channel: Channel
    minutes: Annotated[int, Field(ge=10, le=240)]
    price_max_minor: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None
    gateway: Annotated[Text | None, Field(max_length=40)] = None


class CallShown(Answer):
    id: str
    state: CallState
    amount: MoneyShown
    pay_by: At
    rings_until: At | None
    rung: Annotated[int, Field(description=N_("How many consultants are rung."))]
    booking_id: Annotated[str | None, Field(description=N_("Once somebody has answered."))]
    payment: PaymentAsked


class CallAnswered(Answer):
    booking_id: str


class CallPassed(Answer):
    id: str
