from flask import Blueprint, render_template, request

from zhixun.features.accounts.rules import check_right
from zhixun.features.booking.rules import State
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Money, is_id, utc_now
from zhixun.web import charts, pagination
from zhixun.web.formats import money
from zhixun.web.security import current_actor, read, require

from . import queries, rules

bp = Blueprint("admin", __name__, template_folder="templates")


@bp.get("/ops")
@require("operator")
def overview() -> str:
    now = utc_now()
    with read() as db:
        house = queries.overview(db, now)
    top = charts.round_top(max(*house.gmv, *house.gmv_before, 1) / 100) * 100
    return render_template(
        "admin/overview.html", house=house, now=now, top=top, weakest=rules.weakest(house.funnel), charts=charts,
        refunds_late=rules.is_late(house.refunds.waiting_since, now, rules.REFUND_LATE),
        money_minor=lambda minor: money(Money(minor)), day_labels=[f"{day.month}/{day.day}" for day in house.days],
        worker_silent_seconds=rules.WORKER_SILENT_SECONDS, queue_late_seconds=rules.QUEUE_LATE_SECONDS,
    )  # fmt: skip


@bp.get("/ops/bookings")
@require("operator")
def bookings() -> str:
    check_right(current_actor(), "see_orders")
    now, state = utc_now(), request.args.get("state", "")
    if state not in {"", "stuck", *State}:
        state = ""
    before = pagination.time_of(request.args.get("before"))
    with read() as db:
        found, names = queries.booking_lines(db, now, state=state, before=before)
    page = found[: rules.LINES_SHOWN]
    older = pagination.time_cursor(page[-1].created_at) if len(found) > rules.LINES_SHOWN else None
    return render_template(
        "admin/bookings.html", lines=page, names=names, state=state, states=[one.value for one in State], older=older,
        paged=before is not None,
    )  # fmt: skip


@bp.get("/ops/bookings/<booking_id>")
@require("operator")
def booking(booking_id: str) -> str:
    check_right(current_actor(), "see_orders")
    if not is_id(booking_id):
        raise NotFound
    now = utc_now()
    with read() as db:
        told = queries.story(db, booking_id, current_actor(), now)
    return render_template("admin/booking.html", told=told, booking=told.booking, now=now)
