"""The field's questions before a session, on a page of their own."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import actions, queries
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import STILL_TO_COME
from zhixun.features.catalog import queries as catalog
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.web.errors import field_sentences
from zhixun.web.security import current_actor, read, require, work

from . import bp
from .sessions import own_booking


@bp.get("/sessions/<booking_id>/questions")
@require()
def questions(booking_id: str) -> AnyResponse:
    booking = _own_as_client(booking_id)
    with read() as db:
        given = {one.name: one.answer for one in queries.intake_of(db, booking, current_actor())}
    return _page(booking, given, {}, 200)


@bp.post("/sessions/<booking_id>/questions")
@require()
def answer_questions(booking_id: str) -> AnyResponse:
    booking = _own_as_client(booking_id)
    typed = {name.removeprefix("q-"): value for name, value in request.form.items() if name.startswith("q-")}
    try:
        with work() as uow:
            actions.answer_intake(uow, booking_id=booking.id, answers=typed)
    except Invalid as error:
        return _page(booking, typed, field_sentences(error), error.status)
    except actions.TooLate:
        return redirect(url_for("booking.session", booking_id=booking.id), 303)
    flash(gettext("Kept. Your consultant sees it before the session."))
    return redirect(url_for("booking.session", booking_id=booking.id), 303)


def _own_as_client(booking_id: str) -> BookingView:
    booking = own_booking(booking_id)
    if booking.client_id != current_actor().user_id:
        raise NotFound
    return booking


def _page(booking: BookingView, given: Mapping[str, str], wrong: Mapping[str, str], status: int) -> AnyResponse:
    with read() as db:
        card = catalog.cards_of(db, [booking.consultant_id])[booking.consultant_id]
        field = next(one for one in catalog.fields(db) if one.id == card.field_id)
    page = render_template(
        "booking/questions.html", booking=booking, card=card, field=field, given=given, errors=wrong,
        may_write=booking.state in STILL_TO_COME,
    )  # fmt: skip
    return make_response(page, status)
