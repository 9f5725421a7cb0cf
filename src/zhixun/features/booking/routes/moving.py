"""Another time for a session: the free ones, the choice, and the refusal that keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import actions, forms
from zhixun.features.booking.actions import MovedMeanwhile, TooLate, TooManyMoves
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import MOVES_MAX, terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.features.scheduling.rules import Slot
from zhixun.kernel import clocks
from zhixun.kernel.errors import N_, DomainError, Invalid
from zhixun.web import errors, formats
from zhixun.web.security import current_actor, read, require, work

from . import bp
from .deeds import refused
from .sessions import Other, other_of, own_booking

LOOK_AHEAD = timedelta(days=21)
DAYS_SHOWN = 7
"""What stands open; later days are a press away."""


@dataclass(frozen=True)
class Time:
    """One that may be chosen: what the form sends, what the reader's clock shows, and what is said of the other's."""

    sent: str
    shown: str
    theirs: str


@dataclass(frozen=True)
class Day:
    at: datetime
    times: list[Time]


@bp.route("/sessions/<booking_id>/move", methods=["GET", "POST"])
@require()
def move(booking_id: str) -> AnyResponse:
    """Choose another time, then move there. Sent twice, it is moved once."""
    booking = own_booking(booking_id)
    if request.method == "GET":
        return _move_page(booking)
    start, seen = forms.read_start(request.form.get("start", "")), forms.read_start(request.form.get("seen", ""))
    if start is None:
        return _move_page(booking, Invalid(N_("Please choose a time from the list.")))
    try:
        with work() as uow:
            actions.reschedule_booking(uow, booking_id=booking.id, start=start, seen_start=seen)
    except (SlotTaken, NotOffered, MovedMeanwhile) as refusal:
        return _move_page(own_booking(booking_id), refusal)
    except (TooLate, TooManyMoves) as refusal:
        return refused(booking, refusal)
    flash(gettext("Moved. Both of you are told by mail."))
    return redirect(url_for("booking.session", booking_id=booking.id), 303)


def _move_page(booking: BookingView, refusal: DomainError | None = None) -> AnyResponse:
    me = current_actor().user_id
    if not booking.may_move(me):
        if refusal is None and booking.state != "confirmed":
            return redirect(url_for("booking.session", booking_id=booking.id), 303)
        return refused(booking, _why_not(booking))
    is_client = me == booking.client_id
    other = other_of(booking)
    page = render_template(
        "booking/move.html",
        booking=booking, other=other, is_client=is_client, days=_days(_free(booking), other), days_shown=DAYS_SHOWN,
        moves_left=MOVES_MAX - booking.moves_by_client, sentence=errors.sentence_of(refusal) if refusal else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _why_not(booking: BookingView) -> DomainError:
    if booking.seen_at >= booking.starts_at or booking.state != "confirmed":
        return TooLate()
    return TooManyMoves() if booking.moves_by_client >= MOVES_MAX else actions.TooCloseToMove()


def _free(booking: BookingView) -> list[Slot]:
    with read() as db:
        terms = replace(terms_of(catalog.service(db, booking.service_id)), minutes=booking.minutes)
        found = scheduling.slots(
            db, consultant_id=booking.consultant_id, terms=terms, from_=booking.seen_at,
            until=booking.seen_at + LOOK_AHEAD, now=booking.seen_at, moving=booking.id,
        )  # fmt: skip
    return [slot for slot in found if slot.start != booking.starts_at]


def _days(slots: Sequence[Slot], other: Other) -> list[Day]:
    """The free times by the reader's calendar day. Written out here: a template takes twice as long for hundreds of them."""
    grouped = groupby(slots, key=lambda slot: formats.local_date(slot.start))
    days = [(found[0].start, found) for _, group in grouped if (found := list(group))]
    return [Day(at, _times(found, other)) for at, found in days]


def _times(slots: Sequence[Slot], other: Other) -> list[Time]:
    name, zone = formats.say(other.name), formats.reader_zone()
    edges = (slots[0].start, slots[-1].start)
    apart = bool(other.zone) and any(clocks.differ(at, zone, other.zone) for at in edges)
    return [
        Time(
            formats.machine_time(slot.start),
            formats.local(slot.start, "time", zone),
            formats.theirs(slot.start, None, other.zone, name) if apart else "",
        )
        for slot in slots
    ]
