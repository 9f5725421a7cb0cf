"""The desk's page on which money goes back for a session that has ended."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts.rules import check_right
from zhixun.features.booking import actions, forms, queries
from zhixun.features.booking.rules import REASON_LENGTH_MAX, REFUNDABLE
from zhixun.features.payments import queries as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.kernel.errors import DomainError
from zhixun.kernel.values import new_id, utc_now
from zhixun.web import errors
from zhixun.web.formats import money
from zhixun.web.security import check_proof, current_actor, read, require, work

from . import bp


@bp.route("/ops/bookings/<booking_id>/refund", methods=["GET", "POST"])
@require("operator")
def refund(booking_id: str) -> AnyResponse:
    """Say how much and why; then it goes back. Sent twice, it goes back once."""
    check_right(current_actor(), "refund")
    if request.method == "GET":
        return _refund_page(booking_id, request.args)
    check_proof()
    form = request.form
    try:
        with work() as uow:
            view = queries.booking(uow.db, forms.own_id(booking_id), uow.actor, uow.now)
            everything = form.get("how") == "all"
            back = actions.refund_booking(
                uow, refund_id=form.get("refund_id", ""), booking_id=view.id, reason=form.get("reason", ""),
                amount=None if everything else forms.read_amount(form.get("amount", ""), view.price.currency),
            )  # fmt: skip
    except DomainError as refusal:
        if refusal.status == 404:
            raise
        return _refund_page(booking_id, form, refusal)
    flash(gettext("%(amount)s goes back to the client.", amount=money(back, exact=True)))
    return redirect(url_for("admin.booking", booking_id=booking_id), 303)


def _refund_page(booking_id: str, typed: Mapping[str, str], refusal: DomainError | None = None) -> AnyResponse:
    with read() as db:
        view = queries.booking(db, forms.own_id(booking_id), current_actor(), utc_now())
        purpose = purpose_of_booking(view.id)
        paid = payments.captured_total(db, purpose, view.price.currency)
        gone = payments.refunded_total(db, purpose, view.price.currency)
        lines = payments.refunds_for(db, purpose)
    page = render_template(
        "booking/refund.html",
        booking=view, paid=paid, gone=gone, left=paid - gone, lines=lines, typed=typed, refund_id=new_id(),
        may=view.state in REFUNDABLE, errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "", reason_length_max=REASON_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)
