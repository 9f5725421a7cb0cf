"""What programs send and are answered about series of sessions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zhixun.features.scheduling.rules import SESSIONS_MAX, SESSIONS_MIN
from zhixun.kernel.errors import N_

from .answers import BookingState, MoneyShown, PaymentAsked
from .asked import CouponCode, PointsUsed, ShortName, UsePlan
from .kinds import Answer, Asked, At, Id, Instant, Zone

Sessions = Annotated[
    int, Field(ge=SESSIONS_MIN, le=SESSIONS_MAX, description=N_("How many dates, the first among them."))
]
WeeksApart = Annotated[Literal[1, 2], Field(description=N_("Every week, or every two weeks."))]
SeriesZone = Annotated[
    Zone | None, Field(description=N_("On whose clock the time is always the same; the consultant’s, where left out."))
]
Number = Annotated[int, Field(ge=1, le=SESSIONS_MAX, description=N_("Which session of the series, from 1 on."))]


class SeriesDatesWanted(Asked):
    start: Instant
    weeks_apart: Annotated[int, Field(ge=1, le=2, description=N_("Every week, or every two weeks."))] = 1
    sessions: Sessions = SESSIONS_MIN
    zone: SeriesZone = None


class SessionElsewhen(Asked):
    number: Number
    start: Instant


class SeriesWanted(Asked):
    service_id: Id
    start: Instant
    weeks_apart: WeeksApart = 1
    sessions: Sessions
    zone: SeriesZone = None
    instead: Annotated[
        list[SessionElsewhen],
        Field(max_length=SESSIONS_MAX, description=N_("Sessions at another time, within six days of their own.")),
    ] = []
    leave_out: Annotated[
        list[Number], Field(max_length=SESSIONS_MAX, description=N_("Sessions that do not take place."))
    ] = []
    use_plan: UsePlan = None
    coupon: CouponCode = None
    points: PointsUsed = 0
    gateway: ShortName
    id: Annotated[Id | None, Field(description=N_("Chosen by you, if you like: the same id twice is done once."))] = (
        None
    )


class SeriesDateShown(Answer):
    number: int
    start: At
    end: At
    local: Annotated[str, Field(description=N_("The start on the clock of the series, with its offset."))]
    free: bool
    alternatives: Annotated[list[At], Field(description=N_("Where it is not free: the nearest free times."))]
    clock_changed: Annotated[bool, Field(description=N_("Whether that clock was changed since the date before."))]


class SeriesDates(Answer):
    zone: str
    items: list[SeriesDateShown]
    next: str | None = None


class SeriesSession(Answer):
    booking_id: str
    start: At
    state: BookingState
    total: MoneyShown
    refund_now: MoneyShown


class SeriesShown(Answer):
    id: str
    service_id: str
    zone: str
    weeks_apart: int
    bookings: list[SeriesSession]
    total: MoneyShown
    hold_expires_at: At
    payment: PaymentAsked | None


class SeriesCancelled(Answer):
    id: str
    cancelled: Annotated[list[str], Field(description=N_("Bookings that were ended by this."))]
    refund: MoneyShown
