"""The list as its people see it: joining, where one stands, and the time that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.actions import GroupClosed, GroupFull, OwnService, SeatedAlready, TooManyHolds
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.formats import reader_zone
from zhixun.web.security import current_actor, read, require, work
from zhixun.web.ways import leads_to

from . import actions, forms, queries, rules
from .actions import OfferOver, SeatOver, SeatsFree, TimesFree, WaitsAlready, WaitsForSeat, WaitsTooOften

bp = Blueprint("waitlist", __name__, template_folder="templates")

JOINS_MAX, JOINS_SECONDS = 30, 600


@bp.route("/waitlist/<service_id>", methods=["GET", "POST"])
@require()
def wish(service_id: str) -> Response:
    """Say which times suit, and wait for one."""
    if not is_id(service_id):
        raise NotFound
    if request.method == "GET":
        return _wish_page(service_id, {}, status=200)
    limits.limit("waitlist", current_actor().user_id, tries=JOINS_MAX, seconds=JOINS_SECONDS)
    place_id = request.form.get("place_id", "")
    try:
        wanted = forms.read_wish(request.form, zone=reader_zone())
        with work() as uow:
            actions.join(uow, place_id=place_id if is_id(place_id) else new_id(), service_id=service_id, wish=wanted)
    except Invalid as error:
        return _wish_page(service_id, errors.field_sentences(error), status=error.status)
    except (TimesFree, WaitsTooOften, WaitsAlready, OwnService) as refusal:
        return _wish_page(service_id, {}, status=refusal.status, refusal=refusal)
    flash(gettext("You are in the list. We write to you as soon as a time is free."))
    return redirect(url_for("waitlist.mine"), 303)


def _wish_page(service_id: str, wrong: Mapping[str, str], *, status: int, refusal: Conflict | None = None) -> Response:
    with read() as db:
        service = catalog.service(db, service_id)
        card = catalog.cards_of(db, [service.consultant_id])[service.consultant_id]
    page = render_template(
        "waitlist/wish.html", service=service, card=card, errors=wrong, typed=request.form, place_id=new_id(),
        refusal=errors.sentence_of(refusal) if refusal else "", free=isinstance(refusal, TimesFree),
        parts=rules.PARTS, minutes=int(rules.OFFER.total_seconds() // 60),
    )  # fmt: skip
    return make_response(page, status)


@bp.get("/me/waitlist")
@require()
def mine() -> str:
    now = utc_now()
    with read() as db:
        places = queries.places_of(db, current_actor().user_id, now)
        seats = queries.seat_places_of(db, current_actor().user_id, now)
        cards = catalog.cards_of(db, [one.consultant_id for one in places])
        services = {one.service_id: catalog.service(db, one.service_id) for one in places}
        people = accounts.people(db, [one.consultant_id for one in places if one.offer])
    return render_template(
        "waitlist/mine.html", places=places, seats=seats, cards=cards, services=services, people=people, now=now,
        noon=lambda day: datetime.combine(day, time(12), ZoneInfo(reader_zone())),
        minutes=int(rules.OFFER.total_seconds() // 60),
    )  # fmt: skip


@bp.route("/waitlist/groups/<group_id>", methods=["GET", "POST"])
@require()
def seat(group_id: str) -> Response:
    """Wait for a seat in a group session that is full."""
    if request.method == "GET":
        return _seat_page(_id(group_id))
    limits.limit("waitlist", current_actor().user_id, tries=JOINS_MAX, seconds=JOINS_SECONDS)
    place_id = request.form.get("place_id", "")
    try:
        with work() as uow:
            actions.join_for_seat(
                uow, place_id=place_id if is_id(place_id) else new_id(), group_id=_id(group_id), zone=reader_zone()
            )
    except (SeatsFree, SeatedAlready, WaitsForSeat, WaitsTooOften, OwnService, GroupClosed) as refusal:
        return _seat_page(group_id, refusal)
    flash(gettext("You are in the list. We write to you as soon as a seat is free."))
    return redirect(url_for("waitlist.mine"), 303)


def _seat_page(group_id: str, refusal: Conflict | None = None) -> Response:
    with read() as db:
        group = bookings.group(db, group_id, utc_now())
        name = catalog.name_of(db, group.consultant_id)
    page = render_template(
        "waitlist/seat.html", group=group, name=name, place_id=new_id(),
        refusal=errors.sentence_of(refusal) if refusal else "", minutes=int(rules.OFFER.total_seconds() // 60),
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


@bp.post("/waitlist/seats/<place_id>/leaving")
@leads_to("waitlist.mine")
@require()
def leave_seat(place_id: str) -> Response:
    with work() as uow:
        actions.leave_seat(uow, place_id=_id(place_id))
    flash(gettext("You have left the list."))
    return redirect(url_for("waitlist.mine"), 303)


@bp.post("/waitlist/seats/<place_id>/acceptance")
@leads_to("waitlist.mine")
@require()
def accept_seat(place_id: str) -> Response:
    """The kept seat becomes a booking; on to its checkout."""
    try:
        with work() as uow:
            made = actions.accept_seat(uow, place_id=_id(place_id))
    except (SeatOver, GroupClosed, GroupFull, SeatedAlready, TooManyHolds) as refusal:
        flash(errors.sentence_of(refusal), "bad")
        return redirect(url_for("waitlist.mine"), 303)
    return redirect(url_for("booking.checkout", booking_id=made.booking_id), 303)


@bp.post("/waitlist/places/<place_id>/leaving")
@leads_to("waitlist.mine")
@require()
def leave(place_id: str) -> Response:
    with work() as uow:
        actions.leave(uow, place_id=_id(place_id))
    flash(gettext("You have left the list."))
    return redirect(url_for("waitlist.mine"), 303)


@bp.post("/waitlist/offers/<offer_id>/acceptance")
@leads_to("waitlist.mine")
@require()
def accept(offer_id: str) -> Response:
    """The kept time becomes a booking; on to its checkout."""
    try:
        with work() as uow:
            made = actions.accept_offer(uow, offer_id=_id(offer_id))
    except (OfferOver, TooManyHolds, SlotTaken, NotOffered) as refusal:
        flash(errors.sentence_of(refusal), "bad")
        return redirect(url_for("waitlist.mine"), 303)
    return redirect(url_for("booking.checkout", booking_id=made.booking_id), 303)


@bp.post("/waitlist/offers/<offer_id>/refusal")
@leads_to("waitlist.mine")
@require()
def refuse(offer_id: str) -> Response:
    try:
        with work() as uow:
            actions.refuse_offer(uow, offer_id=_id(offer_id))
    except OfferOver as refusal:
        flash(errors.sentence_of(refusal), "bad")
    else:
        flash(gettext("Noted. The time passes on, and you go on waiting for another."))
    return redirect(url_for("waitlist.mine"), 303)


def _id(text: str) -> str:
    if not is_id(text):
        raise NotFound
    return text
