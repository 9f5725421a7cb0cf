"""What the desk sees of quality: how the experts work and how far they agree."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.features.quality import actions, queries, rules
from zhixun.features.quality.actions import AlreadyDecided
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.values import is_id, utc_now
from zhixun.web import errors
from zhixun.web.languages import language
from zhixun.web.security import current_actor, read, require, work

from . import bp

ALPHA_GOOD, ALPHA_FAIR = 0.8, 0.667
"""Krippendorff's own advice: rely on 0.800 and more, draw tentative conclusions from 0.667 on."""


@bp.get("/ops/quality")
@require("operator")
def desk() -> AnyResponse:
    return _desk()


@bp.post("/ops/quality/appeals/<appeal_id>")
@require("operator")
def decide_appeal(appeal_id: str) -> AnyResponse:
    """Decide an appeal (`upheld=1` or `0`) with a reason."""
    if not is_id(appeal_id):
        raise NotFound
    try:
        with work() as uow:
            actions.decide_appeal(
                uow, appeal_id=appeal_id, upheld=request.form.get("upheld") == "1",
                answer=request.form.get("answer", ""),
            )  # fmt: skip
    except (Invalid, AlreadyDecided) as error:
        return _desk(error, appeal_id)
    flash(gettext("Decided. The consultant reads your reason in the report."))
    return redirect(url_for("quality.desk", _anchor="appeals"), 303)


def _desk(error: Invalid | Conflict | None = None, appeal_id: str = "") -> AnyResponse:
    check_right(current_actor(), "settle_disputes")
    with read() as db:
        agreement, people, cases = queries.agreement(db), queries.reviewers(db), queries.house_cases(db)
        waiting = queries.appeals(db, decided=False)
        people_waiting = accounts.people(db, {one.consultant_id for one in waiting})
        names = {who: one.name for who, one in catalog.called(db, people_waiting, language()).items()}
        model = queries.newest_model(db)
    page = render_template(
        "quality/desk.html", agreement=agreement, reviewers=people, cases=cases, appeals=waiting, names=names,
        model=model, now=utc_now(), alpha_good=ALPHA_GOOD, alpha_fair=ALPHA_FAIR,
        difference_max=rules.DIFFERENCE_MAX, typed=request.form, wrong_id=appeal_id,
        wrong=errors.sentence_of(error) if error else "",
        errors=errors.field_sentences(error) if error else {},
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
