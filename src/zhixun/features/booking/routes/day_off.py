"""I cannot work today: what that means in figures, then everything is called off."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import actions, forms, queries, rules
from zhixun.features.booking.actions import MoreStandsThere
from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel.errors import DomainError, Invalid
from zhixun.kernel.values import new_id, utc_now
from zhixun.web import errors
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.route("/pro/day-off", methods=["GET", "POST"])
@require("consultant")
def day_off() -> AnyResponse:
    """Which sessions, how much goes back, which days are closed; then it is done, once however often it is pressed."""
    if request.method == "GET":
        return _page(request.args.get("until", ""))
    typed = request.form.get("until", "")
    try:
        until = forms.read_until(typed)
        with work() as uow:
            zone = ZoneInfo(scheduling.zone_of(uow.db, uow.actor.user_id))
            ends = actions.midnight_after(until, zone)
            count = len(queries.standing(uow.db, uow.actor.user_id, until=ends, now=uow.now).paid)
            actions.call_off_days(
                uow, days_off_id=request.form.get("days_off_id", ""), until=until, seen=request.form.get("seen", "")
            )
    except (Invalid, MoreStandsThere) as refusal:
        return _page(typed, refusal)
    said = ngettext(
        "%(num)s session is being cancelled, and its client told; give it a moment.",
        "%(num)s sessions are being cancelled, and their clients told; give it a moment.",
        count,
    )
    closed = gettext("The days are closed.")
    flash(f"{closed} {said}" if count else closed)
    return redirect(url_for("pages.pro_day"), 303)


def _page(typed: str, refusal: DomainError | None = None) -> AnyResponse:
    me, now = current_actor().user_id, utc_now()
    wrong = errors.field_sentences(refusal) if refusal else {}
    with read() as db:
        zone = ZoneInfo(scheduling.zone_of(db, me))
        today = now.astimezone(zone).date()
        until, wrong = _chosen(typed, today, wrong)
        found = queries.standing(db, me, until=actions.midnight_after(until, zone), now=now)
        groups = queries.groups_before(db, me, until=actions.midnight_after(until, zone), now=now)
        people = accounts.people(db, {one.client_id for one in found.views})
    page = render_template(
        "booking/day_off.html",
        found=found, groups=len(groups), names={one.user_id: one.name for one in people.values()}, today=today, until=until,
        days=(until - today).days + 1, last=rules.days_off(today, until)[-1], typed=typed, errors=wrong,
        days_off_id=new_id(), now=now, zone=str(zone), days_max=rules.DAYS_OFF_MAX,
        ends=actions.midnight_after(until, zone),
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 400 if wrong else 200)


def _chosen(typed: str, today: date, wrong: dict[str, str]) -> tuple[date, dict[str, str]]:
    """The last day that was chosen; today where none was, or one that makes no sense."""
    if not typed:
        return today, wrong
    try:
        until = forms.read_until(typed)
        rules.days_off(today, until)
    except Invalid as refusal:
        return today, errors.field_sentences(refusal)
    return until, wrong
