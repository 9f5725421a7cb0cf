"""What the two people of a session may do to it: change the brief, cancel, begin, complete."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import actions, forms
from zhixun.features.booking.actions import ConsultantsTurn, NotYet, TooLate
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import State
from zhixun.features.privacy import actions as privacy
from zhixun.kernel.errors import N_, Conflict, DomainError, Invalid, NotFound
from zhixun.kernel.values import Money
from zhixun.web import errors
from zhixun.web.formats import money
from zhixun.web.security import current_actor, require, work

from . import bp
from .sessions import other_of, own_booking, session_page


class RefundChanged(Conflict):
    code, message = (
        "refund_changed",
        N_("What you would get back has changed while this page was open. Please look again."),
    )


@bp.post("/sessions/<booking_id>/brief")
@require()
def brief(booking_id: str) -> AnyResponse:
    """Change what the consultant will read."""
    booking = own_booking(booking_id)
    if booking.client_id != current_actor().user_id:
        raise NotFound
    typed = forms.read_brief(request.form)
    try:
        with work() as uow:
            actions.write_brief(uow, booking_id=booking.id, brief=typed.text, sensitive=typed.sensitive)
            if typed.sensitive:
                privacy.give_consent(uow, user_id=uow.actor.user_id, purpose="sensitive")
    except Invalid as error:
        return make_response(session_page(booking, typed, errors.field_sentences(error)), error.status)
    except TooLate as refusal:
        return refused(booking, refusal)
    flash(gettext("Saved. Your consultant reads this version."))
    return redirect(url_for("booking.session", booking_id=booking.id), 303)


@bp.route("/sessions/<booking_id>/cancellation", methods=["GET", "POST"])
@require()
def cancel(booking_id: str) -> AnyResponse:
    """Ask once more, with the exact refund; then cancel. Cancelling twice is done once."""
    booking = own_booking(booking_id)
    if request.method == "GET":
        return _cancel_page(booking)
    if _refund_shrank(booking):
        return _cancel_page(booking, RefundChanged())
    try:
        with work() as uow:
            back = actions.cancel_booking(uow, booking_id=booking.id)
    except TooLate as refusal:
        return refused(booking, refusal)
    flash(_cancelled(booking, back))
    return redirect(url_for("booking.session", booking_id=booking.id), 303)


@bp.post("/sessions/<booking_id>/start")
@require()
def begin(booking_id: str) -> AnyResponse:
    """The consultant starts the session."""
    booking = own_booking(booking_id)
    try:
        with work() as uow:
            actions.begin_session(uow, booking_id=booking.id)
    except (ConsultantsTurn, NotYet, TooLate) as refusal:
        return refused(booking, refusal)
    return redirect(url_for("messaging.room", booking_id=booking.id), 303)


@bp.post("/sessions/<booking_id>/completion")
@require()
def complete(booking_id: str) -> AnyResponse:
    """Either of the two ends the session; the client goes on to say how it was."""
    booking = own_booking(booking_id)
    try:
        with work() as uow:
            actions.complete_session(uow, booking_id=booking.id)
    except (NotYet, TooLate) as refusal:
        return refused(booking, refusal)
    is_client = booking.client_id == current_actor().user_id
    return redirect(url_for("quality.feedback" if is_client else "booking.session", booking_id=booking.id), 303)


def _refund_shrank(booking: BookingView) -> bool:
    """Whether less would come back now than the page promised. Who did not see a page asks for what there is."""
    shown = request.form.get("refund_minor", "")
    if not shown.isascii() or not shown.isdigit() or not booking.may_cancel:
        return False
    return int(shown[:12]) > _refund_now(booking).amount_minor


def _refund_now(booking: BookingView) -> Money:
    if not booking.price or booking.state == "held":
        return Money(0, booking.price.currency)
    return booking.refund_now if booking.client_id == current_actor().user_id else booking.price


def _cancelled(booking: BookingView, back: Money) -> str:
    said: str = gettext("Cancelled.")
    if back and booking.client_id == current_actor().user_id:
        said = gettext("Cancelled. %(amount)s goes back the way you paid.", amount=money(back, exact=True))
    elif back:
        said = gettext("Cancelled. Your client gets %(amount)s back.", amount=money(back, exact=True))
    return said


def _cancel_page(booking: BookingView, refusal: RefundChanged | None = None) -> AnyResponse:
    answers = booking.state is State.REQUESTED and booking.client_id != current_actor().user_id
    if not booking.may_cancel or answers:
        return redirect(url_for("booking.session", booking_id=booking.id), 303)
    page = render_template(
        "booking/cancel.html",
        booking=booking, back=_refund_now(booking), other=other_of(booking),
        is_client=booking.client_id == current_actor().user_id,
        share_bps=booking.share_now if booking.client_id == current_actor().user_id else 10_000,
        sentence=errors.sentence_of(refusal) if refusal else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def refused(booking: BookingView, refusal: DomainError) -> AnyResponse:
    """A sentence in the reader's language and the way back to the session."""
    page = render_template("booking/not_now.html", booking=booking, sentence=errors.sentence_of(refusal))
    return make_response(page, refusal.status)
