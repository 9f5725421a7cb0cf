"""A consultant's report: the numbers of a period with their range, what moved them, and what to try; and appeals."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.features.quality import actions, queries, rules
from zhixun.features.quality.actions import TooLateToAppeal
from zhixun.features.quality.queries import Report
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import charts, errors
from zhixun.web.formats import say
from zhixun.web.security import current_actor, read, require, work

from . import bp
from .paper import report_paper


@bp.get("/pro/report")
@require("consultant")
def report() -> AnyResponse:
    return _own_page()


@bp.get("/pro/report.pdf")
@require("consultant")
def report_as_paper() -> Response:
    actor = current_actor()
    with read() as db:
        found = _report(db, actor.user_id)
        name = say(catalog.name_of(db, actor.user_id)) or actor.name
    return report_paper(found, name, _period())


@bp.post("/pro/report/appeals")
@require("consultant")
def appeal() -> AnyResponse:
    """Ask the desk that a review should not count (`kind`, `subject_id`, `reason`)."""
    form = request.form
    if form.get("kind") not in rules.APPEAL_KINDS or not is_id(form.get("subject_id", "")):
        raise NotFound
    appeal_id = form.get("appeal_id", "")
    try:
        with work() as uow:
            actions.appeal(
                uow, appeal_id=appeal_id if is_id(appeal_id) else new_id(), kind=form["kind"],
                subject_id=form["subject_id"], reason=form.get("reason", ""),
            )  # fmt: skip
    except (Invalid, TooLateToAppeal) as error:
        return _own_page(error)
    flash(gettext("Noted. The desk decides within 7 days; until then the review counts."))
    return redirect(url_for("quality.report", period=_period(), _anchor="reviews"), 303)


@bp.get("/ops/consultants/<consultant_id>/report")
@require("operator")
def report_for_desk(consultant_id: str) -> str:
    name, found = _of_another(consultant_id)
    return render_template("quality/report_desk.html", name=name, **_shown(found))


@bp.get("/ops/consultants/<consultant_id>/report.pdf")
@require("operator")
def report_for_desk_as_paper(consultant_id: str) -> Response:
    name, found = _of_another(consultant_id)
    return report_paper(found, name, _period())


def _of_another(consultant_id: str) -> tuple[str, Report]:
    """(name, report) of a consultant, for the desk. Raises NotFound for everyone else's id."""
    check_right(current_actor(), "settle_disputes")
    if not is_id(consultant_id):
        raise NotFound
    with read() as db:
        name = say(catalog.name_of(db, consultant_id))
        if not name:
            raise NotFound
        return name, _report(db, consultant_id)


def _own_page(error: Invalid | Conflict | None = None) -> AnyResponse:
    actor, now = current_actor(), utc_now()
    with read() as db:
        found = _report(db, actor.user_id)
    page = render_template(
        "quality/report.html", now=now, typed=request.form,
        errors=errors.field_sentences(error) if error else {},
        said=errors.sentence_of(error) if error and not error.fields else "", new_id=new_id, **_shown(found),
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _report(db: Session, consultant_id: str) -> Report:
    return queries.report_of(db, consultant_id, period=rules.PERIODS[_period()], now=utc_now())


def _shown(found: Report) -> dict[str, object]:
    return {"report": found, "period": _period(), "periods": list(rules.PERIODS), "charts": charts}


def _period() -> str:
    asked = request.values.get("period", rules.PERIOD)
    return asked if asked in rules.PERIODS else rules.PERIOD
