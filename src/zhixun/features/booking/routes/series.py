"""A series of sessions: its dates before anything is held, its checkout, its page, and cancelling the rest of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import actions, forms, queries
from zhixun.features.booking.actions import (
    NotBetweenThem,
    OwnService,
    SeriesNotFree,
    SeriesUnpaid,
    TooLate,
    TooManyHolds,
)
from zhixun.features.booking.forms import SeriesChoice
from zhixun.features.booking.queries import BookingView, SeriesDate, SeriesView
from zhixun.features.booking.rules import (
    BRIEF_LENGTH_MAX,
    HOLD,
    SERIES_REQUESTS_MAX,
    SERIES_REQUESTS_SECONDS,
    State,
    terms_of,
)
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantCard, ServiceView
from zhixun.features.loyalty import queries as loyalty
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.loyalty.rules import (
    CODES_TRIED_MAX,
    CODES_TRIED_SECONDS,
    POINT_MINOR,
    points_worth,
    spendable_over,
)
from zhixun.features.payments import queries as payments
from zhixun.features.payments.actions import AlreadyPaid
from zhixun.features.payments.rules import purpose_of_series
from zhixun.features.plans import queries as plans
from zhixun.features.plans.queries import Choice, CreditsUsedUp, PlanDoesNotFit
from zhixun.features.privacy import actions as privacy
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.rules import SESSIONS_MAX, SESSIONS_MIN, Recurrence, check_recurrence, dates_of
from zhixun.kernel.errors import N_, DomainError, Invalid, NotFound
from zhixun.kernel.values import Money, new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.formats import machine_time, money
from zhixun.web.security import current_actor, read, require, work
from zhixun.web.ways import leads_to

from . import bp
from .checkout import ALL_POINTS, settle
from .sessions import Other, other_parties

FIRST_WITHIN = timedelta(days=28)
"""So far ahead a first date is looked for where none was chosen."""


@dataclass(frozen=True)
class Plan:
    """A series that is being planned, and whose clock its time follows."""

    service: ServiceView
    card: ConsultantCard
    consultant_zone: str
    choice: SeriesChoice
    dates: list[SeriesDate]

    @property
    def zone(self) -> str:
        return current_actor().zone if self.choice.own_clock else self.consultant_zone


@bp.post("/series/new")
def begin_series() -> AnyResponse:
    """From the consultant's page, with the service and the time chosen there."""
    choice = forms.read_series(request.form)
    start = machine_time(choice.start) if choice.start else None
    return redirect(url_for("booking.plan_series", service=choice.service_id, start=start), 303)


@bp.get("/series/new")
@require()
def plan_series() -> AnyResponse:
    """Every date, on both clocks, before anything is held."""
    return _plan_page(forms.read_series(request.args))


@bp.post("/series")
@leads_to("booking.sessions")
@require()
def book_series() -> AnyResponse:
    """Hold all of the dates chosen and go on to their checkout; if one cannot be had, none is held."""
    choice, form = forms.read_series(request.form), request.form
    limits.limit("series", current_actor().user_id, tries=SERIES_REQUESTS_MAX, seconds=SERIES_REQUESTS_SECONDS)
    try:
        wanted = _wanted(choice)
        with work() as uow:
            made = actions.request_series(
                uow, series_id=form.get("series_id", ""), service_id=choice.service_id, wanted=wanted
            )
    except (Invalid, SeriesNotFree, SeriesUnpaid, TooManyHolds, OwnService, NotBetweenThem) as refusal:
        return _plan_page(choice, refusal)
    return redirect(url_for("booking.series_checkout", series_id=made.series_id), 303)


@bp.route("/series/<series_id>/checkout", methods=["GET", "POST"])
@require()
def series_checkout(series_id: str) -> AnyResponse:
    """Look over all dates and what they cost, then pay for them at once."""
    view = _own_series(series_id)
    if view.client_id != current_actor().user_id:
        raise NotFound
    if not view.held:
        return redirect(url_for("booking.series", series_id=view.id), 303)
    if request.method == "GET":
        return _checkout_page(view, None, {}, 200)
    terms = forms.read_terms(request.form)
    if terms.coupon:
        limits.limit("coupon", current_actor().user_id, tries=CODES_TRIED_MAX, seconds=CODES_TRIED_SECONDS)
    return _pay(view, forms.read_brief(request.form), terms)


@bp.get("/series/<series_id>")
@require()
def series(series_id: str) -> AnyResponse:
    """The sessions of a series. Who has just paid comes here, and is confirmed if nobody has done it yet."""
    view = _own_series(series_id)
    if view.held and _is_paid(view):
        for one in view.bookings:
            settle(one.id)
        view = _own_series(series_id)
    if view.held and view.client_id == current_actor().user_id:
        return redirect(url_for("booking.series_checkout", series_id=view.id), 303)
    return make_response(render_template("booking/series.html", **_shown(view)))


@bp.route("/series/<series_id>/cancellation", methods=["GET", "POST"])
@require()
def cancel_series(series_id: str) -> AnyResponse:
    """Ask once more, with what comes back for each session; then cancel what is left."""
    view = _own_series(series_id)
    if request.method == "GET":
        if not view.to_cancel:
            return redirect(url_for("booking.series", series_id=view.id), 303)
        return make_response(render_template("booking/series_cancel.html", **_shown(view), changed=False))
    shown = request.form.get("refund_minor", "")
    back_now = view.back_now(current_actor().user_id).amount_minor
    if shown.isascii() and shown.isdigit() and int(shown[:12]) > back_now and view.to_cancel:
        return make_response(render_template("booking/series_cancel.html", **_shown(view), changed=True), 409)
    with work() as uow:
        gone = actions.cancel_series(uow, series_id=view.id)
    flash(_cancelled(view, gone))
    return redirect(url_for("booking.series", series_id=view.id), 303)


def _cancelled(view: SeriesView, gone: Mapping[str, Money]) -> str:
    back = sum(gone.values(), Money(0, view.total.currency))
    if back and view.client_id == current_actor().user_id:
        return str(gettext("Cancelled. %(amount)s goes back the way you paid.", amount=money(back, exact=True)))
    if back:
        return str(gettext("Cancelled. Your client gets %(amount)s back.", amount=money(back, exact=True)))
    return str(gettext("Cancelled."))


def _wanted(choice: SeriesChoice) -> Recurrence:
    """What is asked for: times that are the rule's own are no exceptions to it. Raises Invalid, NotFound."""
    with read() as db:
        service = catalog.service(db, choice.service_id)
        zone = current_actor().zone if choice.own_clock else scheduling.zone_of(db, service.consultant_id)
    wanted = _recurrence(choice, choice.start, zone)
    planned = dict(enumerate(dates_of(wanted), 1))
    instead = {n: at for n, at in choice.instead.items() if n <= wanted.sessions and at != planned.get(n)}
    left_out = frozenset(number for number in choice.left_out if number <= wanted.sessions)
    return Recurrence(wanted.start, wanted.weeks_apart, wanted.sessions, zone, instead, left_out)


def _recurrence(choice: SeriesChoice, start: datetime | None, zone: str) -> Recurrence:
    if start is None:
        raise Invalid(fields={"start": N_("Please choose a time from the list.")})
    return check_recurrence(Recurrence(start, choice.weeks_apart, choice.sessions, zone))


def _plan_page(choice: SeriesChoice, refusal: DomainError | None = None) -> AnyResponse:
    with read() as db:
        service = catalog.service(db, choice.service_id)
        card = catalog.cards_of(db, [service.consultant_id])[service.consultant_id]
        if not service.active:
            raise NotFound
        now, viewer = utc_now(), current_actor().zone
        zone = scheduling.zone_of(db, service.consultant_id)
        start = choice.start
        if start is None or start < now:
            terms = terms_of(service)
            free = scheduling.slots(
                db, consultant_id=card.id, terms=terms, from_=now, until=now + FIRST_WITHIN, now=now
            )
            start = free[0].start if free else None
        dates: list[SeriesDate] = []
        if start is not None:
            try:
                wanted = _recurrence(choice, start, viewer if choice.own_clock else zone)
                dates = queries.plan_series(db, service=service, wanted=wanted, viewer_zone=viewer, now=now)
            except Invalid as wrong:
                refusal = refusal or wrong
    page = render_template(
        "booking/series_plan.html", plan=Plan(service, card, zone, choice, dates), start=start, series_id=new_id(),
        sessions_numbers=range(SESSIONS_MIN, SESSIONS_MAX + 1), viewer_zone=viewer,
        errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
        code=refusal.code if refusal else "", hold_minutes=int(HOLD.total_seconds() // 60),
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _own_series(series_id: str) -> SeriesView:
    """A series the reader is one of the two people of. Raises NotFound, for operators too."""
    actor = current_actor()
    with read() as db:
        view = queries.series_by_id(db, forms.own_id(series_id), actor, utc_now())
    if actor.user_id not in (view.client_id, view.consultant_id):
        raise NotFound
    return view


def _is_paid(view: SeriesView) -> bool:
    with read() as db:
        payment = payments.payment_for(db, purpose_of_series(view.id))
    return payment is not None and payment.captured


def _pay(view: SeriesView, brief: forms.Brief, terms: forms.Terms) -> AnyResponse:
    held = [one for one in view.bookings if one.state is State.HELD]
    try:
        with work() as uow:
            for one in held:
                actions.write_brief(uow, booking_id=one.id, brief=brief.text, sensitive=brief.sensitive)
            if brief.sensitive:
                privacy.give_consent(uow, user_id=uow.actor.user_id, purpose="sensitive")
            total = view.total
            if (wanted := _otherwise(uow.db, held, terms)) is not None:
                total = actions.choose_series_terms(uow, series_id=view.id, choice=wanted)
            changed = terms.applies or terms.shown_minor != total.amount_minor
            if not total and not changed:
                actions.confirm_series_without_payment(uow, series_id=view.id)
    except TooLate:
        return redirect(url_for("booking.series", series_id=view.id), 303)
    except Invalid as refusal:
        return _checkout_page(view, brief, errors.field_sentences(refusal), refusal.status)
    except CouponRefused as refusal:
        return _checkout_page(view, brief, {"coupon": errors.sentence_of(refusal)}, refusal.status, terms.coupon)
    except (PlanDoesNotFit, CreditsUsedUp, AlreadyPaid, NotFound) as refusal:
        return _checkout_page(view, brief, {"use_plan": errors.sentence_of(refusal)}, refusal.status)
    if changed:
        return redirect(url_for("booking.series_checkout", series_id=view.id), 303)
    if not total:
        return redirect(url_for("booking.series", series_id=view.id), 303)
    return redirect(url_for("payments.pay", payment_id=view.payment_id), 303)


def _otherwise(db: Session, held: list[BookingView], terms: forms.Terms) -> Choice | None:
    """How the client wants to pay, where that is not how it stands already."""
    chosen = plans.plan_of(db, held[0].id)
    asked = terms.use_plan or ""
    counter = loyalty.counter(db, booking_id=held[0].id, person_id=held[0].client_id, now=held[0].seen_at)
    spent = _points_in(held)
    coupon = "" if asked else counter.coupon_code if terms.coupon is None else terms.coupon
    points = ALL_POINTS if terms.points and not asked else 0
    if (asked, coupon, bool(points)) == (chosen, counter.coupon_code, bool(spent)):
        return None
    return Choice(use_plan=asked, coupon=coupon, points=points)


def _points_in(held: list[BookingView]) -> int:
    """How many points pay for parts of it."""
    lines = (line for one in held for line in one.lines if line.kind == "points")
    return sum(-line.amount.amount_minor for line in lines) // POINT_MINOR


def _checkout_page(
    view: SeriesView, brief: forms.Brief | None, wrong: Mapping[str, str], status: int, typed: str | None = None
) -> AnyResponse:
    held = [one for one in view.bookings if one.state is State.HELD]
    with read() as db:
        kept = forms.Brief(queries.brief_of(db, held[0], current_actor()), held[0].sensitive)
        service = catalog.service(db, view.service_id)
        chosen = plans.plan_of(db, held[0].id) if held[0].with_plan else ""
        usable = plans.usable_for(db, view.client_id, service, held[0].seen_at)
        if chosen and all(one.id != chosen for one in usable):
            usable.append(plans.holding(db, chosen, view.client_id))
        payment = payments.payment(db, view.payment_id, current_actor())
        counter = loyalty.counter(db, booking_id=held[0].id, person_id=view.client_id, now=held[0].seen_at)
    could_spend = spendable_over(
        [one.price for one in held], balance=counter.balance, share_bps=counter.tier.share_bps
    )  # fmt: skip
    page = render_template(
        "booking/series_checkout.html", **_shown(view), counter=counter, spent=_points_in(held), could_spend=could_spend,
        worth=points_worth(could_spend), typed=typed, held=held, plans=usable, chosen=chosen, payment=payment,
        brief=brief or kept, errors=wrong, brief_length_max=BRIEF_LENGTH_MAX, hold_seconds=int(HOLD.total_seconds()),
        total=sum((one.price for one in held), Money(0, view.total.currency)),
        seconds_left=max(0, int((held[0].hold_expires_at - held[0].seen_at).total_seconds())),
    )  # fmt: skip
    return make_response(page, status)


def _shown(view: SeriesView) -> dict[str, object]:
    with read() as db:
        card = catalog.cards_of(db, [view.consultant_id])[view.consultant_id]
        zone = scheduling.zone_of(db, view.consultant_id)
        me = current_actor().user_id
        other = Other(card.name, card.slug, card.portrait, zone)
        if me != view.client_id:
            other = other_parties(db, view.bookings[:1])[view.bookings[0].id]
    return {
        "series": view, "card": card, "consultant_zone": zone, "other": other, "is_client": me == view.client_id,
        "back": view.back_now(me), "now": view.bookings[0].seen_at,
        "backs": {one.id: view.back_of(one, me) for one in view.to_cancel},
    }  # fmt: skip
