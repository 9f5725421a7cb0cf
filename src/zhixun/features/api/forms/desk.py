"""What the desk's programs send and are answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from zhixun.features.webhooks.rules import DESCRIPTION_LENGTH_MAX, KINDS, URL_LENGTH_MAX
from zhixun.kernel.errors import N_
from zhixun.kernel.values import new_id

from .asked import Cursor, Limit
from .kinds import Answer, Asked, At, Id, Text


class WebhookWanted(Asked):
    id: Annotated[Id, Field(default_factory=new_id, description=N_("Chosen by you, if you like."))]
    url: Annotated[Text, Field(max_length=URL_LENGTH_MAX, examples=["https://crm.example.com/zhixun"])]
    description: Annotated[Text, Field(max_length=DESCRIPTION_LENGTH_MAX)] = ""
    kinds: Annotated[list[Text], Field(min_length=1, max_length=len(KINDS), examples=[["booking.confirmed"]])]
    active: bool = True


class DeliveriesWanted(Asked):
    cursor: Cursor
    limit: Limit


class WebhookShown(Answer):
    id: str
    url: str
    description: str
    kinds: list[str]
    active: bool
    created_at: At
    failing_since: At | None
    waiting: int
    given_up: int


class WebhookWithSecret(WebhookShown):
    secret: Annotated[str, Field(description=N_("What our signature is checked with."))]


class Webhooks(Answer):
    items: list[WebhookShown]
    next: str | None = None


class DeliveryShown(Answer):
    id: str
    kind: str
    state: Literal["waiting", "delivered", "given_up"]
    tries: int
    created_at: At
    next_at: At | None
    status: int | None
    problem: str
    body: dict[str, Any]


class Deliveries(Answer):
    items: list[DeliveryShown]
    next: str | None
