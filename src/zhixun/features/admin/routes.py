from zoneinfo import available_timezones

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts import actions as account_actions
from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import check_right, may
from zhixun.features.booking.rules import State
from zhixun.features.payouts import queries as payouts
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.services import service
from zhixun.kernel.values import Money, is_id, utc_now
from zhixun.web import charts, pagination
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.formats import money
from zhixun.web.languages import language
from zhixun.web.security import current_actor, proved, read, require, work

from . import queries, rules
from .ports import Backups

bp = Blueprint("admin", __name__, template_folder="templates")


@bp.get("/ops")
@require("operator")
def overview() -> str:
    now = utc_now()
    with read() as db:
        house = queries.overview(db, now, zone=current_app.config["HOUSE_ZONE"], language=language())
        run = payouts.waiting_run(db) if may(current_actor(), "pay_out") else None
    top = charts.round_top(max(*house.gmv, *house.gmv_before, 1) / 100) * 100
    return render_template(
        "admin/overview.html", house=house, now=now, top=top, weakest=rules.weakest(house.funnel), charts=charts,
        refunds_late=rules.is_late(house.refunds.waiting_since, now, rules.REFUND_LATE),
        money_minor=lambda minor: money(Money(minor)), day_labels=[f"{day.month}/{day.day}" for day in house.days],
        zone=current_app.config["HOUSE_ZONE"], run=run if run and run.proposed_by != current_actor().user_id else None, worker_silent_seconds=rules.WORKER_SILENT_SECONDS, queue_late_seconds=rules.QUEUE_LATE_SECONDS,
    )  # fmt: skip


@bp.get("/ops/bookings")
@require("operator")
def bookings() -> str:
    check_right(current_actor(), "see_orders")
    now, state = utc_now(), request.args.get("state", "")
    if state not in {"", "stuck", *State}:
        state = ""
    before = pagination.time_of(request.args.get("before"))
    asked = rules.asked_for(request.args.get("q", ""))
    with read() as db:
        found, names = queries.booking_lines(db, now, state=state, before=before, language=language(), asked=asked)
    page = found[: rules.LINES_SHOWN]
    older = pagination.time_cursor(page[-1].created_at) if len(found) > rules.LINES_SHOWN else None
    return render_template(
        "admin/bookings.html", lines=page, names=names, state=state, states=[one.value for one in State], older=older,
        paged=before is not None, asked=asked,
    )  # fmt: skip


@bp.get("/ops/bookings/<booking_id>")
@require("operator")
def booking(booking_id: str) -> str:
    check_right(current_actor(), "see_orders")
    if not is_id(booking_id):
        raise NotFound
    now = utc_now()
    with read() as db:
        told = queries.story(db, booking_id, current_actor(), now, language=language())
    may_refund = may(current_actor(), "refund")
    return render_template(
        "admin/booking.html",
        told=told,
        booking=told.booking,
        now=now,
        may_refund=may_refund,
        delivered_to=rules.delivered_to,
    )


@bp.get("/ops/times")
@require("operator")
def times() -> str | Response:
    """Why a time of a consultant is not offered, rule by rule: found by name, then asked on any clock."""
    check_right(current_actor(), "see_orders")
    asked, named = request.args, " ".join(request.args.get("q", "").split())[: rules.NAME_LENGTH_MAX]
    chosen, clock = asked.get("consultant", ""), asked.get("in", "")
    with read() as db:
        if chosen:
            told = queries.time_asked(
                db, chosen if is_id(chosen) else "", utc_now(), service_id=asked.get("service", ""),
                typed=asked.get("at", "")[:16], clock=clock if clock in available_timezones() else "",
            )  # fmt: skip
            return render_template("admin/times.html", asked=told, found={}, named="")
        found = queries.consultants_named(db, named)
    if len(found) == 1:
        return redirect(url_for("admin.times", consultant=next(iter(found))), 303)
    return render_template("admin/times.html", asked=None, found=found, named=named)


@bp.get("/ops/people")
@require("operator")
def people() -> str | tuple[str, int]:
    check_right(current_actor(), "appoint")
    email = request.args.get("email", "").strip()
    found, said = None, ""
    with read() as db:
        appointed = accounts.appointed(db)
        if email:
            try:
                found = accounts.person_by_email(db, email)
            except Invalid as refusal:
                said = field_sentences(refusal)["email"]
    if email and found is None and not said:
        said = gettext("Nobody has an account with this address.")
    page = render_template(
        "admin/people.html", appointed=appointed, found=found, email=email, said=said, roles=rules.ROLE_WORDS
    )
    return page if not said else (page, 404)


@bp.post("/ops/people/<user_id>")
@require("operator")
@proved
def appoint(user_id: str) -> Response:
    if not is_id(user_id):
        raise NotFound
    try:
        with work() as uow:
            account_actions.appoint(uow, user_id=user_id, roles=request.form.getlist("roles"))
    except account_actions.LastAdministrator as refusal:
        flash(sentence_of(refusal), "bad")
    else:
        flash(gettext("Saved. It counts from the next page they open."))
    return redirect(url_for("admin.people"), 303)


@bp.get("/ops/backups")
@require("operator")
def backups() -> str:
    """The backups there are, and which of them were brought back in a rehearsal."""
    check_right(current_actor(), "run_house")
    return render_template("admin/backups.html", backups=service(Backups).known(), kept=rules.BACKUPS_KEPT)
