"""The consultant's yes or no to a request."""

from __future__ import annotations

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import actions
from zhixun.features.booking.actions import ConsultantAnswers, RequestAccepted, RequestOver
from zhixun.features.booking.rules import REASON_LENGTH_MAX
from zhixun.kernel.errors import Invalid
from zhixun.web import errors
from zhixun.web.formats import money
from zhixun.web.security import require, work

from . import bp
from .deeds import refused
from .sessions import own_booking, session_page


@bp.post("/sessions/<booking_id>/acceptance")
@require()
def accept(booking_id: str) -> AnyResponse:
    """The session stands. Twice is once."""
    booking = own_booking(booking_id)
    try:
        with work() as uow:
            actions.accept_request(uow, booking_id=booking.id)
    except (ConsultantAnswers, RequestOver) as refusal:
        return refused(booking, refusal)
    flash(gettext("Accepted. Your client has been told."))
    return redirect(url_for("booking.session", booking_id=booking.id), 303)


@bp.post("/sessions/<booking_id>/refusal")
@require()
def decline(booking_id: str) -> AnyResponse:
    """The client gets everything back and reads why. Twice is once."""
    booking = own_booking(booking_id)
    typed = request.form.get("reason", "")
    try:
        with work() as uow:
            back = actions.decline_request(uow, booking_id=booking.id, reason=typed)
    except Invalid as error:
        page = session_page(booking, wrong=errors.field_sentences(error), reason=typed[: REASON_LENGTH_MAX * 2])
        return make_response(page, error.status)
    except (ConsultantAnswers, RequestAccepted, RequestOver) as refusal:
        return refused(booking, refusal)
    said = gettext("Declined. Your client gets %(amount)s back.", amount=money(back, exact=True))
    flash(said if back else gettext("Declined. Your client has been told."))
    return redirect(url_for("booking.session", booking_id=booking.id), 303)
