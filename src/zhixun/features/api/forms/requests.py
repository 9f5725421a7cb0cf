"""Requests: what programs may send about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zhixun.features.booking.rules import REASON_LENGTH_MAX, REASON_LENGTH_MIN
from zhixun.kernel.errors import N_

from .kinds import Answer, Asked, Text


class RefusalWanted(Asked):
    reason: Annotated[
        Text,
        Field(min_length=REASON_LENGTH_MIN, max_length=REASON_LENGTH_MAX, description=N_("The client reads it.")),
    ]


class AskingWanted(Asked):
    on_request: Annotated[bool, Field(description=N_("Whether each booking waits for the consultant’s yes."))]


class AskingKept(Answer):
    id: str
    on_request: bool
