"""What programs are answered about packages, memberships and orders."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zhixun.kernel.errors import N_

from .answers import MoneyShown, PaymentAsked
from .kinds import Answer, At


class PackageShown(Answer):
    id: str
    consultant_id: str
    service_id: Annotated[str | None, Field(description=N_("The service of its sessions; null for minutes of any."))]
    title: str
    unit: Literal["session", "minute"]
    quantity: int
    price: MoneyShown
    valid_days: int


class Packages(Answer):
    items: list[PackageShown]
    next: str | None = None


class MembershipShown(Answer):
    id: str
    title: str
    note: str
    price: MoneyShown
    included: Annotated[int, Field(description=N_("Sessions a month, each up to `included_max`."))]
    included_max: MoneyShown
    discount_bps: Annotated[int, Field(description=N_("Off every other session, in basis points."))]


class Memberships(Answer):
    items: list[MembershipShown]
    next: str | None = None


class OrderMade(Answer):
    id: str
    state: Literal["open", "fulfilled", "refused"]
    total: MoneyShown
    payment: PaymentAsked


class PlanShown(Answer):
    id: str
    kind: Literal["package", "membership"]
    title: str
    consultant_id: str | None
    service_id: str | None
    unit: Literal["session", "minute"]
    quantity: Annotated[float, Field(description=N_("Sessions or minutes; half a session can come back."))]
    left: float
    words: Annotated[str, Field(description=N_("What is left, in words."))]
    price: MoneyShown
    discount_bps: int
    expires_at: At
    renews: bool
    grace_until: At | None
    active: bool
    refund: Annotated[MoneyShown, Field(description=N_("What giving back the unused part would return now."))]


class Plans(Answer):
    items: list[PlanShown]
    next: str | None = None
