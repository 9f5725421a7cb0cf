"""Series of sessions: the dates, holding all of them, and ending what is left."""

from __future__ import annotations

from sqlalchemy.orm import Session

from zhixun.features.api.forms.kinds import local_time
from zhixun.features.api.forms.series import (
    SeriesCancelled,
    SeriesDates,
    SeriesDateShown,
    SeriesDatesWanted,
    SeriesSession,
    SeriesShown,
    SeriesWanted,
)
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import NotBetweenThem, OwnService, SeriesNotFree, SeriesUnpaid, TooManyHolds
from zhixun.features.booking.queries import SeriesDate, SeriesView
from zhixun.features.booking.rules import SERIES_REQUESTS_MAX, SERIES_REQUESTS_SECONDS
from zhixun.features.catalog import queries as catalog
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.payments import queries as payments
from zhixun.features.plans.queries import Choice, CreditsUsedUp, PlanDoesNotFit
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed
from zhixun.features.scheduling.rules import Recurrence
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Actor, Money, new_id, utc_now
from zhixun.web import security

from . import shown
from .bookings import TAG, gateway_asked
from .endpoint import Tries, reads, writes


@reads(
    "/services/{service_id}/series",
    N_("The dates of a series at the same local time, which of them are free, and what is near those that are not."),
    tag=TAG,
    asked=SeriesDatesWanted,
    answer=SeriesDates,
    signed_in=False,
    refusals=(NotFound,),
)
def series_dates(db: Session, wanted: SeriesDatesWanted, service_id: str) -> SeriesDates:
    service = catalog.service(db, service_id)
    if not service.active or not catalog.is_listed(db, service.consultant_id):
        raise NotFound
    zone = wanted.zone or scheduling.zone_of(db, service.consultant_id)
    rule = Recurrence(wanted.start, wanted.weeks_apart, wanted.sessions, zone)
    dates = queries.plan_series(db, service=service, wanted=rule, viewer_zone=zone, now=utc_now())
    return SeriesDates(zone=zone, items=[_date(one, zone) for one in dates])


@writes(
    "/series",
    N_(
        "Hold every date of a series for 15 minutes, all or none, and ask once for the payment. A refusal names the dates "
        "that are not free and what is near them."
    ),
    tag=TAG,
    asked=SeriesWanted,
    answer=SeriesShown,
    status=201,
    refusals=(
        NotFound,
        SeriesNotFree,
        SeriesUnpaid,
        TooManyHolds,
        OwnService,
        NotBetweenThem,
        HoldIdUsed,
        PlanDoesNotFit,
        CreditsUsedUp,
        CouponRefused,
    ),
    tries=Tries("series", SERIES_REQUESTS_MAX, SERIES_REQUESTS_SECONDS),
)
def request_series(uow: UnitOfWork, wanted: SeriesWanted) -> SeriesShown:
    gateway = gateway_asked(wanted.gateway)
    service = catalog.service(uow.db, wanted.service_id)
    rule = Recurrence(
        wanted.start, wanted.weeks_apart, wanted.sessions,
        wanted.zone or scheduling.zone_of(uow.db, service.consultant_id),
        {one.number: one.start for one in wanted.instead}, frozenset(wanted.leave_out),
    )  # fmt: skip
    made = actions.request_series(
        uow, series_id=wanted.id or new_id(), service_id=wanted.service_id, wanted=rule,
        choice=Choice(use_plan=wanted.use_plan or "", coupon=wanted.coupon or "", points=wanted.points), gateway=gateway,
    )  # fmt: skip
    return _series(uow.db, queries.series_by_id(uow.db, made.series_id, uow.actor, uow.now), uow.actor)


@reads(
    "/series/{series_id}",
    N_("One of your series, session by session."),
    tag=TAG,
    answer=SeriesShown,
    refusals=(NotFound,),
)
def series(db: Session, series_id: str) -> SeriesShown:
    actor = security.current_actor()
    return _series(db, queries.series_by_id(db, series_id, actor, utc_now()), actor)


@writes(
    "/series/{series_id}/cancellation",
    N_("End what is left of a series, each session as if it were cancelled by itself."),
    tag=TAG,
    answer=SeriesCancelled,
    refusals=(NotFound,),
)
def cancel_series(uow: UnitOfWork, series_id: str) -> SeriesCancelled:
    gone = actions.cancel_series(uow, series_id=series_id)
    back = list(gone.values())
    total = sum(back[1:], back[0]) if back else Money(0)
    return SeriesCancelled(id=series_id, cancelled=list(gone), refund=shown.money(total))


def _date(one: SeriesDate, zone: str) -> SeriesDateShown:
    return SeriesDateShown(
        number=one.number, start=one.start, end=one.end, local=local_time(one.start, zone), free=one.free,
        alternatives=list(one.alternatives), clock_changed=one.clock_changed,
    )  # fmt: skip


def _series(db: Session, view: SeriesView, actor: Actor) -> SeriesShown:
    asked = payments.payment(db, view.payment_id, actor) if actor.user_id == view.client_id else None
    return SeriesShown(
        id=view.id, service_id=view.service_id, zone=view.zone, weeks_apart=view.weeks_apart,
        bookings=[
            SeriesSession.model_validate(
                {
                    "booking_id": one.id, "start": one.starts_at, "state": one.state.value,
                    "total": shown.money(one.price), "refund_now": shown.money(view.back_of(one, view.client_id)),
                }
            )
            for one in view.bookings
        ],
        total=shown.money(view.total), hold_expires_at=view.bookings[0].hold_expires_at,
        payment=shown.payment_asked(asked.id, asked.gateway) if asked else None,
    )  # fmt: skip
