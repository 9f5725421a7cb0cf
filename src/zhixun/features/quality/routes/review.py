"""The experts' desk: sessions to read, one session without names, and the sheet to hand in."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.catalog import queries as catalog
from zhixun.features.quality import actions, forms, queries, rules
from zhixun.features.quality.actions import NoSeat, SeatLost, TooManySeats
from zhixun.features.quality.queries import CaseView
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.get("/review")
@require("reviewer")
def review() -> AnyResponse:
    return _board()


@bp.post("/review/<case_id>/seat")
@require("reviewer")
def take_seat(case_id: str) -> AnyResponse:
    """Take a session to read; again, go on reading it."""
    try:
        with work() as uow:
            actions.take_seat(uow, review_id=new_id(), case_id=_id(case_id))
    except (NoSeat, TooManySeats) as refusal:
        return _board(refusal)
    return redirect(url_for("quality.read_case", case_id=case_id), 303)


@bp.post("/review/<case_id>/return")
@require("reviewer")
def give_back_seat(case_id: str) -> AnyResponse:
    with work() as uow:
        actions.give_back_seat(uow, case_id=_id(case_id))
    flash(gettext("Given back. Another expert may read it now."))
    return redirect(url_for("quality.review"), 303)


@bp.route("/review/<case_id>", methods=["GET", "POST"])
@require("reviewer")
def read_case(case_id: str) -> AnyResponse:
    """Read one's own session and hand in the sheet, once."""
    with read() as db:
        case = queries.case_for_reviewer(db, _id(case_id), current_actor(), utc_now())
    if request.method == "GET" or case.given_score is not None:
        return _sheet(case, forms.Sheet())
    sheet = forms.read_sheet(request.form, case.rubric)
    try:
        _check(case, sheet)
        with work() as uow:
            actions.hand_in(uow, case_id=case.id, marks=sheet.marks, good=sheet.good, learn=sheet.learn)
    except Invalid as error:
        return _sheet(case, sheet, error)
    except SeatLost as refusal:
        return _board(refusal)
    flash(gettext("Thank you. Your review is handed in."))
    return redirect(url_for("quality.review"), 303)


def _check(case: CaseView, sheet: forms.Sheet) -> None:
    """Everything that is wrong at once. Raises Invalid."""
    wrong: dict[str, str] = {}
    for look in (
        lambda: rules.check_marks(sheet.marks, case.rubric),
        lambda: rules.check_words(good=sheet.good, learn=sheet.learn),
    ):
        try:
            look()
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid(fields=wrong)


def _board(refusal: Conflict | None = None) -> AnyResponse:
    now = utc_now()
    with read() as db:
        board = queries.review_board(db, current_actor(), now)
        fields = {field.id: field for field in catalog.fields(db)}
    page = render_template(
        "quality/review.html", board=board, fields=fields, now=now,
        said=errors.sentence_of(refusal) if refusal else "",
        seat_hours=round(rules.SEAT_LASTS.total_seconds() / 3600),
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _sheet(case: CaseView, sheet: forms.Sheet, error: Invalid | None = None) -> AnyResponse:
    page = render_template(
        "quality/case.html", case=case, sheet=sheet,
        errors=errors.field_sentences(error) if error else {}, words_length_max=rules.EXPERT_WORDS_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _id(case_id: str) -> str:
    if not is_id(case_id):
        raise NotFound
    return case_id
