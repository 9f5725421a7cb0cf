"""Requests: what programs may send about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zhixun.features.booking.rules import REASON_LENGTH_MAX, REASON_LENGTH_MIN
from zhixun.kernel.errors import N_

from .answers import MoneyShown
from .kinds import Answer, Asked, At, Day, Id, Text


class RefusalWanted(Asked):
    reason: Annotated[
        Text,
        Field(min_length=REASON_LENGTH_MIN, max_length=REASON_LENGTH_MAX, description=N_("The client reads it.")),
    ]


class AskingWanted(Asked):
    on_request: Annotated[bool, Field(description=N_("Whether each booking waits for the consultant’s yes."))]


class DaysOffWanted(Asked):
    id: Annotated[Id | None, Field(description=N_("Chosen by you: sent twice, done once."))] = None
    until: Annotated[Day, Field(description=N_("The last day, on your own clock; the first is today."))]


class DaysOffKept(Answer):
    id: str
    until: At
    sessions: Annotated[int, Field(description=N_("How many sessions are cancelled."))]
    refunds: Annotated[list[MoneyShown], Field(description=N_("What goes back to clients, by currency."))]


class AskingKept(Answer):
    id: str
    on_request: bool
