"""The checkout: the held time, what the consultant will read, the price, and the way to the payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import actions, forms, queries
from zhixun.features.booking.actions import TooLate
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import BRIEF_LENGTH_MAX, HOLD, State, answer_by, terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantCard
from zhixun.features.loyalty import queries as loyalty
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.loyalty.rules import CODES_TRIED_MAX, CODES_TRIED_SECONDS, spendable
from zhixun.features.payments import queries as payments
from zhixun.features.payments.actions import AlreadyPaid
from zhixun.features.payments.queries import PaymentView
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.plans import queries as plans
from zhixun.features.plans.queries import Choice, CreditsUsedUp, HoldingView, PlanDoesNotFit
from zhixun.features.privacy import actions as privacy
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.rules import Slot
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.formats import money
from zhixun.web.security import current_actor, read, require, work

from . import bp

NEAR = timedelta(days=4)
ALL_POINTS = 10**9
"""As many as there are and may be used."""
NEAREST = 3


@dataclass(frozen=True)
class Order:
    """With whom, and by whose clock."""

    card: ConsultantCard
    consultant_zone: str


@bp.route("/checkout/<booking_id>", methods=["GET", "POST"])
@require()
def checkout(booking_id: str) -> AnyResponse:
    """Look over what is booked and go on to pay; once nothing is to pay any more, the session's page."""
    booking, payment = _held(forms.own_id(booking_id))
    if booking.series_id and booking.state is State.HELD:
        return redirect(url_for("booking.series_checkout", series_id=booking.series_id), 303)
    paid = payment is not None and payment.captured
    if paid and booking.price:
        settle(booking.id)
    if (paid and booking.price) or booking.state not in (State.HELD, State.EXPIRED):
        return redirect(url_for("booking.session", booking_id=booking.id), 303)
    brief = forms.read_brief(request.form) if request.method == "POST" else _kept_brief(booking)
    if booking.state is State.EXPIRED and booking.group_id:
        return redirect(url_for("booking.group", group_id=booking.group_id), 303)
    if booking.state is State.EXPIRED:
        return _expired(booking, brief, status=409 if request.method == "POST" else 200)
    if request.method == "GET":
        return _page(booking, payment, brief, {}, status=200)
    terms = forms.read_terms(request.form)
    if terms.coupon:
        limits.limit("coupon", current_actor().user_id, tries=CODES_TRIED_MAX, seconds=CODES_TRIED_SECONDS)
    return _pay(booking, payment, brief, terms)


def settle(booking_id: str) -> None:
    """The payer is back before the worker told us: confirm now. Safe beside the worker doing the same."""
    with work() as uow:
        actions.confirm_if_paid(uow, booking_id=booking_id)


def _held(booking_id: str) -> tuple[BookingView, PaymentView | None]:
    """The asker's own booking as its client, and its payment."""
    with read() as db:
        booking = queries.booking(db, booking_id, current_actor(), utc_now())
        if booking.client_id != current_actor().user_id:
            raise NotFound
        payment = payments.payment_for(db, purpose_of_booking(booking.id))
    return booking, payment


def _kept_brief(booking: BookingView) -> forms.Brief:
    with read() as db:
        return forms.Brief(queries.brief_of(db, booking, current_actor()), booking.sensitive)


def _pay(booking: BookingView, payment: PaymentView | None, brief: forms.Brief, terms: forms.Terms) -> AnyResponse:
    """Keep what was written and chosen, then go on to the payment; unless the press only recounts, or the total is not
    the one the page promised: then the page once more, with the new one."""
    try:
        with work() as uow:
            total = _write(uow, booking, brief, terms)
            if not total and not _looks_again(terms, total):
                actions.confirm_without_payment(uow, booking_id=booking.id)
    except TooLate:  # the clock was faster between looking and writing
        return redirect(url_for("booking.session", booking_id=booking.id), 303)
    except Invalid as error:
        return _page(booking, payment, brief, errors.field_sentences(error), status=error.status)
    except CouponRefused as refusal:
        wrong = {"coupon": errors.sentence_of(refusal)}
        return _page(booking, payment, brief, wrong, status=refusal.status, typed=terms.coupon or "")
    except (PlanDoesNotFit, CreditsUsedUp, AlreadyPaid) as refusal:
        return _page(booking, payment, brief, {"use_plan": errors.sentence_of(refusal)}, status=refusal.status)
    if _looks_again(terms, total):
        if not terms.applies:
            flash(gettext("What is to pay has changed. Please look once more."))
        return redirect(url_for("booking.checkout", booking_id=booking.id), 303)
    if not total:
        return redirect(url_for("booking.session", booking_id=booking.id), 303)
    return redirect(url_for("payments.pay", payment_id=booking.payment_id), 303)


def _write(uow: UnitOfWork, booking: BookingView, brief: forms.Brief, terms: forms.Terms) -> Money:
    """What the consultant will read and how it is paid; returns what is to pay now."""
    actions.write_brief(uow, booking_id=booking.id, brief=brief.text, sensitive=brief.sensitive)
    if brief.sensitive:
        privacy.give_consent(uow, user_id=uow.actor.user_id, purpose="sensitive")
    chosen = plans.plan_of(uow.db, booking.id)
    asked = chosen if terms.use_plan is None else terms.use_plan
    if terms.coupon is None:
        wanted = Choice(use_plan=asked)
        changed = asked != chosen
    else:
        counter = loyalty.counter(uow.db, booking_id=booking.id, person_id=booking.client_id, now=uow.now)
        points = ALL_POINTS if terms.points and not asked else 0
        wanted = Choice(use_plan=asked, coupon="" if asked else terms.coupon, points=points)
        changed = asked != chosen or wanted.coupon != counter.coupon_code or bool(points) != bool(counter.points_used)
    return actions.choose_terms(uow, booking_id=booking.id, choice=wanted) if changed else booking.price


def _looks_again(terms: forms.Terms, total: Money) -> bool:
    return terms.applies or (terms.shown_minor is not None and terms.shown_minor != total.amount_minor)


def _page(
    booking: BookingView,
    payment: PaymentView | None,
    brief: forms.Brief,
    wrong: Mapping[str, str],
    *,
    status: int,
    typed: str | None = None,
) -> AnyResponse:
    with read() as db:
        order = _order(db, booking)
        field = catalog.field(db, order.card.field_id)
        group = queries.group(db, booking.group_id, booking.seen_at) if booking.group_id else None
        chosen = plans.plan_of(db, booking.id)
        usable = _usable_plans(db, booking, order.card, chosen)
        counter = loyalty.counter(
            db, booking_id=booking.id, person_id=booking.client_id, now=booking.seen_at,
            field_id=order.card.field_id, consultant_id=order.card.id,
        )  # fmt: skip
    page = render_template(
        "booking/checkout.html", plans=usable, chosen=chosen, counter=counter, typed=typed,
        could_spend=spendable(
            ALL_POINTS, balance=counter.balance, price=booking.price, share_bps=counter.tier.share_bps
        ),
        money_minor=lambda minor: money(Money(minor)),
        order=order, booking=booking, group=group, card=order.card, field=field, payment=payment, brief=brief, errors=wrong,
        answer_by=answer_by(booking.seen_at, starts_at=booking.starts_at),
        brief_length_max=BRIEF_LENGTH_MAX, hold_seconds=int(HOLD.total_seconds()),
        seconds_left=max(0, int((booking.hold_expires_at - booking.seen_at).total_seconds())),
    )  # fmt: skip
    return make_response(page, status)


def _usable_plans(db: Session, booking: BookingView, card: ConsultantCard, chosen: str) -> list[HoldingView]:
    """The client's plans that can pay for this session; the one chosen stays in the list when its last unit is in use."""
    sold = next((one for one in card.services if one.id == booking.service_id), None)
    service = sold or catalog.service(db, booking.service_id)
    found = plans.usable_for(db, booking.client_id, service, booking.seen_at)
    if chosen and all(one.id != chosen for one in found):
        found.append(plans.holding(db, chosen, booking.client_id))
    return found


def _expired(booking: BookingView, brief: forms.Brief, *, status: int) -> AnyResponse:
    with read() as db:
        order = _order(db, booking)
        nearest = _nearest(db, booking)
    page = render_template(
        "booking/expired.html",
        order=order, booking=booking, card=order.card, brief=brief,
        nearest=nearest, booking_id=new_id(), brief_length_max=BRIEF_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, status)


def _order(db: Session, booking: BookingView) -> Order:
    card = catalog.cards_of(db, [booking.consultant_id])[booking.consultant_id]
    return Order(card, scheduling.zone_of(db, booking.consultant_id))


def _nearest(db: Session, booking: BookingView) -> list[Slot]:
    """The same time if it is free again, then the free times nearest to it."""
    terms = terms_of(catalog.service(db, booking.service_id))
    free = scheduling.slots(
        db, consultant_id=booking.consultant_id, terms=terms, now=booking.seen_at, viewer_id=booking.client_id,
        from_=booking.starts_at - NEAR, until=booking.starts_at + NEAR,
    )  # fmt: skip
    return sorted(free, key=lambda slot: abs(slot.start - booking.starts_at))[:NEAREST]
