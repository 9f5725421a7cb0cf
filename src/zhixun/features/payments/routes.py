"""The payer's way to the gateway and back, what gateways report, the sandbox gateway's own page, and the desk's comparison."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors
from zhixun.web.security import current_actor, read, require, work
from zhixun.web.shell import panels_of

from . import actions, forms, queries, rules
from .forms import Outcome
from .ports import Capture, Failure, PaymentGateway, PaymentGateways
from .queries import PaymentView
from .rules import PaymentState, Settlement, booking_of, call_of, order_of, series_of

log = logging.getLogger(__name__)

bp = Blueprint("payments", __name__, template_folder="templates")

SANDBOX = "sandbox"
LATE_BY = timedelta(seconds=1)
"""How long after the end of the hold the sandbox lets late money arrive."""


@bp.get("/pay/<payment_id>")
@require()
def pay(payment_id: str) -> AnyResponse:
    """On to the gateway, to the same payment however often this is pressed; nothing to do where it is paid."""
    payment = _own_payment(payment_id)
    if payment.captured:
        return redirect(url_for("payments.returned", payment_id=payment.id), 303)
    back = url_for("payments.returned", payment_id=payment.id)
    what = panels_of("payment", payment).unescape() or gettext("Zhixun order %(number)s", number=payment.purpose[-8:])
    address = _gateway(payment.gateway).open_checkout(payment.id, payment.amount, what, back)
    return redirect(request.script_root + address if address.startswith("/") else address, 303)


@bp.get("/pay/<payment_id>/return")
@require()
def returned(payment_id: str) -> AnyResponse:
    """The payer is back. What counts is what the gateway told us, not that someone came here."""
    payment = _own_payment(payment_id)
    booking_id, order_id, call_id = booking_of(payment.purpose), order_of(payment.purpose), call_of(payment.purpose)
    if payment.captured and call_id:
        return redirect(url_for("instant.waiting", call_id=call_id), 303)
    series_id = series_of(payment.purpose)
    if payment.captured and booking_id:
        return redirect(url_for("booking.session", booking_id=booking_id), 303)
    if payment.captured and series_id:
        return redirect(url_for("booking.series", series_id=series_id), 303)
    if payment.captured and order_id:
        return redirect(url_for("plans.ordered", order_id=order_id), 303)
    page = render_template(
        "payments/returned.html",
        payment=payment, booking_id=booking_id, series_id=series_id, order_id=order_id, call_id=call_id,
        over=payment.expires_at <= utc_now(),
    )  # fmt: skip
    return make_response(page, 200)


@bp.route("/sandbox/pay/<payment_id>", methods=["GET", "POST"])
@require()
def sandbox(payment_id: str) -> AnyResponse:
    """Where a provider's own page would be: the payer says what it should report, and it reports that."""
    payment = _sandbox_payment(payment_id)
    if request.method == "GET":
        return make_response(
            render_template(
                "payments/sandbox.html",
                payment=payment, booking_id=booking_of(payment.purpose), order_id=order_of(payment.purpose),
                series_id=series_of(payment.purpose), call_id=call_of(payment.purpose),
                over=payment.expires_at <= utc_now(),
            ),
            200,
        )  # fmt: skip
    report_from_sandbox(payment, forms.read_outcome(request.form.get("outcome")))
    return redirect(url_for("payments.returned", payment_id=payment.id), 303)


@bp.post("/api/v1/payments/<payment_id>/sandbox")
@require()
def sandbox_by_program(payment_id: str) -> Response:
    """The same for programs: {"outcome": "pay" | "fail" | "pay_twice" | "pay_late"}."""
    payment = _sandbox_payment(payment_id)
    report_from_sandbox(payment, forms.read_outcome_json(request.get_data()))
    with read() as db:
        now = queries.payment(db, payment.id, current_actor())
    return jsonify(
        id=now.id, gateway=now.gateway, state=now.state,
        amount={"amount_minor": now.amount.amount_minor, "currency": now.amount.currency},
    )  # fmt: skip


@bp.post("/api/v1/payments/webhooks/<gateway>")
def webhook(gateway: str) -> Response:
    """What a provider reports. The signature is the permission; a report made twice is counted once."""
    said = hear(gateway, request.get_data(), dict(request.headers))
    return jsonify(received=said)


@bp.route("/ops/reconciliation", methods=["GET", "POST"])
@require("operator")
def reconciliation() -> AnyResponse:
    """The last days beside the gateways' own records; any day can be compared again."""
    if request.method == "GET":
        return _reconciliation_page()
    try:
        gateway, day = request.form.get("gateway", ""), forms.read_day(request.form.get("day", ""))
        from_, until = rules.day_bounds(day)
        records = _gateway(gateway).records(from_ - rules.AROUND, until + rules.AROUND)
        with work() as uow:
            found = actions.reconcile(uow, gateway=gateway, day=day, records=records)
    except Invalid as refusal:
        return _reconciliation_page(refusal)
    if found.holds:
        flash(gettext("%(day)s: both agree.", day=day.isoformat()))
    else:
        flash(gettext("%(day)s: they differ, see below.", day=day.isoformat()), "bad")
    return redirect(url_for("payments.reconciliation"), 303)


def _reconciliation_page(refusal: Invalid | None = None) -> AnyResponse:
    with read() as db:
        found = queries.reconciliations(db, current_actor())
    yesterday = utc_now().date() - timedelta(days=1)
    page = render_template(
        "payments/reconciliation.html", found=found, gateways=list(service(PaymentGateways)),
        day=request.form.get("day", yesterday.isoformat()), errors=errors.field_sentences(refusal) if refusal else {},
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def hear(gateway: str, body: bytes, headers: Mapping[str, str], *, now: datetime | None = None) -> str:
    """THE way a gateway's report comes in: check its signature, then decide in a transaction of its own.

    Returns what came of it, a `Settlement` or "failed". `now` is for the sandbox alone, which can report from a time
    to come. Raises NotFound (no such gateway), Forbidden, Invalid.
    """
    event = _gateway(gateway).read_webhook(body, headers)
    with unit_of_work(now=now) as uow:
        if isinstance(event, Capture):
            settlement = actions.settle(uow, gateway=gateway, capture=event)
            if settlement is Settlement.UNKNOWN_PAYMENT:
                log.warning("%s reported money for a payment we do not have: %s", gateway, event.provider_ref)
            return settlement
        actions.fail_payment(uow, gateway=gateway, failure=event)
        return PaymentState.FAILED


def report_from_sandbox(payment: PaymentView, outcome: Outcome) -> None:
    """Sign what happened as a provider would, and let it come in the way every report does.

    A charge's reference is made of the payment's id, so that pressing twice reports the same charge twice.
    """
    gateway = _gateway(SANDBOX)
    charges = [Capture(payment.id, f"sandbox-{payment.id}-{number}", payment.amount) for number in (1, 2)]
    reports: dict[Outcome, list[Capture | Failure]] = {
        Outcome.PAY: [charges[0]],
        Outcome.PAY_TWICE: [*charges],
        Outcome.PAY_LATE: [charges[0]],
        Outcome.FAIL: [Failure(payment.id, "refused by the sandbox", f"sandbox-{new_id()}")],
    }
    late = max(utc_now(), payment.expires_at + LATE_BY) if outcome is Outcome.PAY_LATE else None
    for report in reports[outcome]:
        body, headers = gateway.sign(report)
        hear(SANDBOX, body, headers, now=late)


def _own_payment(payment_id: str) -> PaymentView:
    """A payment that is the reader's to make. Raises NotFound, for operators too: nobody pays for someone else."""
    if not is_id(payment_id):
        raise NotFound
    with read() as db:
        found = queries.payment(db, payment_id, current_actor())
    if found.payer_id != current_actor().user_id:
        raise NotFound
    return found


def _sandbox_payment(payment_id: str) -> PaymentView:
    payment = _own_payment(payment_id)
    if payment.gateway != SANDBOX:
        raise NotFound
    return payment


def _gateway(name: str) -> PaymentGateway:
    gateways = service(PaymentGateways)
    if name not in gateways:
        raise NotFound
    return gateways[name]
