"""The other does not come: what follows if one leaves now, and leaving."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import actions
from zhixun.features.booking.actions import NotThere, NotYet, TooLate
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import NO_SHOW_AFTER, RELEASE_AFTER
from zhixun.features.ledger.rules import shares
from zhixun.kernel.errors import N_
from zhixun.web.security import current_actor, require, work

from . import bp
from .deeds import refused
from .sessions import other_of, own_booking


@bp.route("/sessions/<booking_id>/absence", methods=["GET", "POST"])
@require()
def absence(booking_id: str) -> AnyResponse | str:
    """What it means that the other is not there, then the end of waiting. Twice is once."""
    booking = own_booking(booking_id)
    if request.method == "GET":
        return _absence_page(booking)
    try:
        with work() as uow:
            actions.stop_waiting(uow, booking_id=booking.id)
    except (NotThere, NotYet, TooLate) as refusal:
        return refused(booking, refusal)
    flash(gettext("Noted: you were there and waited."))
    return redirect(url_for("booking.session", booking_id=booking.id), 303)


def _absence_page(booking: BookingView) -> AnyResponse | str:
    me = current_actor().user_id
    leaves_at = booking.may_leave_at(me)
    if leaves_at is None:
        return redirect(url_for("booking.session", booking_id=booking.id), 303)
    if booking.seen_at < leaves_at:
        return refused(booking, NotYet(N_("Please wait until ten minutes after the start.")))
    return render_template(
        "booking/absence.html",
        booking=booking, other=other_of(booking), is_client=me == booking.client_id,
        decided_at=booking.starts_at + NO_SHOW_AFTER, share=shares(booking.price, booking.commission_bps)[1],
        release_hours=int(RELEASE_AFTER.total_seconds() // 3600),
    )  # fmt: skip
