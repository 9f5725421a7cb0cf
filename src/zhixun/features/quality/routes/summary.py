"""After the session: the written summary, and the one question that is included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import State
from zhixun.features.quality import actions, queries, rules
from zhixun.features.quality.actions import NotHeld, QuestionAsked, TooLateToAsk
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.values import is_id, utc_now
from zhixun.web import errors
from zhixun.web.security import current_actor, read, require, work

from . import bp
from .said import said_after

Refusal = Invalid | Conflict


@bp.route("/sessions/<booking_id>/summary", methods=["GET", "POST"])
@require()
def summary(booking_id: str) -> AnyResponse:
    """The consultant writes it (POST), both read it."""
    booking = _own(booking_id)
    if request.method == "GET":
        return _page(booking)
    try:
        with work() as uow:
            actions.write_summary(uow, booking_id=booking.id, text=request.form.get("text", ""))
    except (Invalid, NotHeld) as error:
        return _page(booking, error)
    flash(gettext("Saved. Your client can read it."))
    return redirect(url_for("quality.summary", booking_id=booking.id), 303)


def summary_button(booking: BookingView) -> str:
    """On the page of a completed session: the way to its summary, and until when it is owed while it is not there."""
    return render_template(
        "quality/summary_button.html", booking=booking, written=said_after(booking.id).summary, due_at=_due_at(booking),
        is_client=booking.client_id == current_actor().user_id,
    )  # fmt: skip


def summaries_wanted(sessions: Sequence[BookingView]) -> dict[str, str]:
    """In the consultant's list of sessions: the way to the summary of each that has none and is still asked for."""
    me = current_actor().user_id
    held = [one for one in sessions if one.consultant_id == me and _is_asked_for(one)]
    if not held:
        return {}
    with read() as db:
        written = queries.summaries_written(db, [one.id for one in held])
    return {
        one.id: render_template("quality/summary_wanted.html", booking=one) for one in held if one.id not in written
    }


def _is_asked_for(booking: BookingView) -> bool:
    done = booking.completed_at
    return booking.state is State.COMPLETED and done is not None and booking.seen_at < done + queries.OWED_WITHIN


def _due_at(booking: BookingView) -> datetime | None:
    return booking.completed_at + rules.SUMMARY_OWED if booking.completed_at else None


@bp.post("/sessions/<booking_id>/question")
@require()
def follow_up(booking_id: str) -> AnyResponse:
    """The client's included question."""
    booking = _own(booking_id)
    try:
        with work() as uow:
            actions.ask_follow_up(uow, booking_id=booking.id, question=request.form.get("question", ""))
    except (Invalid, NotHeld, QuestionAsked, TooLateToAsk) as error:
        return _page(booking, error)
    flash(gettext("Asked. The answer is owed within 48 hours."))
    return redirect(url_for("quality.summary", booking_id=booking.id, _anchor="question-h"), 303)


@bp.post("/sessions/<booking_id>/question/answer")
@require()
def answer_follow_up(booking_id: str) -> AnyResponse:
    booking = _own(booking_id)
    try:
        with work() as uow:
            actions.answer_follow_up(uow, booking_id=booking.id, answer=request.form.get("answer", ""))
    except (Invalid, NotHeld) as error:
        return _page(booking, error)
    flash(gettext("Saved. Your client can read it."))
    return redirect(url_for("quality.summary", booking_id=booking.id, _anchor="question-h"), 303)


def _own(booking_id: str) -> BookingView:
    """A booking the reader is one of the two people of. Raises NotFound."""
    if not is_id(booking_id):
        raise NotFound
    with read() as db:
        found = bookings.booking(db, booking_id, current_actor(), utc_now())
    if current_actor().user_id not in (found.client_id, found.consultant_id):
        raise NotFound
    return found


def _page(booking: BookingView, error: Refusal | None = None) -> AnyResponse:
    with read() as db:
        written, asked = queries.summary_for(db, booking.id, reader=None), queries.follow_up_for(db, booking.id)
    done, now = booking.completed_at, booking.seen_at
    page = render_template(
        "quality/summary.html",
        booking=booking, is_client=booking.client_id == current_actor().user_id, summary=written, asked=asked,
        held=booking.state is State.COMPLETED, due_at=done + rules.SUMMARY_OWED if done else None,
        ask_until=done + rules.FOLLOW_UP_WITHIN if done else None, now=now, typed=request.form,
        errors=errors.field_sentences(error) if error else {},
        said=errors.sentence_of(error) if error and not error.fields else "",
        length_max=rules.SUMMARY_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
