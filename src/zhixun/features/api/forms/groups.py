"""What programs send and are answered about group sessions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zhixun.features.booking.rules import BRIEF_LENGTH_MAX, DECIDE_HOURS_MAX, DECIDE_HOURS_MIN, SEATS_MAX, SEATS_MIN
from zhixun.features.catalog.rules import MINUTES_MAX, MINUTES_MIN, PRICE_MINOR_MAX
from zhixun.kernel.errors import N_

from .answers import MoneyShown
from .asked import ShortName
from .kinds import Answer, Asked, At, Id, Instant, Text


class GroupWanted(Asked):
    title: Annotated[Text, Field(min_length=4, max_length=60)]
    title_en: Annotated[
        Text, Field(max_length=60, description=N_("The title in English, where the other is in Chinese."))
    ] = ""
    start: Instant
    minutes: Annotated[int, Field(ge=MINUTES_MIN, le=MINUTES_MAX)] = 60
    price_minor: Annotated[int, Field(ge=0, le=PRICE_MINOR_MAX, description=N_("Of one seat, in fen."))]
    seats: Annotated[int, Field(ge=SEATS_MIN, le=SEATS_MAX)]
    seats_min: Annotated[
        int, Field(ge=1, le=SEATS_MAX, description=N_("With fewer seats paid it is called off and paid back."))
    ] = 2
    decide_hours: Annotated[
        int,
        Field(ge=DECIDE_HOURS_MIN, le=DECIDE_HOURS_MAX, description=N_("How long before the start that is decided.")),
    ] = 24
    id: Annotated[Id | None, Field(description=N_("Chosen by you, if you like: the same id twice is done once."))] = (
        None
    )


class SeatWanted(Asked):
    brief: Annotated[Text, Field(max_length=BRIEF_LENGTH_MAX, description=N_("What the consultant reads before."))] = ""
    gateway: ShortName
    id: Annotated[Id | None, Field(description=N_("Chosen by you, if you like: the same id twice is done once."))] = (
        None
    )


class GroupShown(Answer):
    id: str
    consultant_id: str
    title: str
    start: At
    end: At
    price: MoneyShown
    seats: int
    seats_min: int
    seats_left: int
    decide_at: At
    state: Annotated[
        Literal["open", "on", "cancelled"], Field(description=N_("`open` until it is decided whether it takes place."))
    ]


class Groups(Answer):
    items: list[GroupShown]
    next: str | None = None
