"""Handing in credentials, checking them, and the way to become a consultant."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.catalog import queries as catalog
from zhixun.features.credentials import actions, forms, queries, rules
from zhixun.features.credentials.forms import Typed
from zhixun.features.credentials.rules import Proof
from zhixun.features.credentials.rules.scans import UPLOAD_BYTES_MAX, Scan
from zhixun.kernel.errors import N_, Conflict, DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import limits
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.languages import language
from zhixun.web.security import current_actor, read, require, work

from . import bp, uploads


@bp.get("/pro/credentials")
@require("consultant")
def mine() -> Response:
    return _mine(Typed(), None)


@bp.post("/pro/credentials")
@require()
@limits.takes_body(UPLOAD_BYTES_MAX)
def submit() -> Response:
    given = forms.typed(request.form)
    try:
        proof, sent = _handed_in(given)
        uploads.keep(given.id, given.id, sent)
        with work() as uow:
            actions.submit_claim(uow, claim_id=given.id, proof=proof, scans=sent)
    except (Invalid, Conflict) as error:
        return own_page(given, error)
    flash(gettext("Handed in. Two people check it, each alone."))
    return redirect(own_url(), 303)


def _handed_in(given: Typed) -> tuple[Proof, list[Scan]]:
    """Raises Invalid naming all that is wrong with the words and with the files; a browser keeps no files."""
    sent: list[Scan] = []
    wrong: dict[str, str] = {}
    try:
        sent = uploads.sent()
    except Invalid as error:
        wrong = error.fields
    try:
        proof = forms.proof_of(given, today=utc_now().date())
    except Invalid as error:
        again = {"scans": N_("The rest has to be mended first. Then please choose your files again.")} if sent else {}
        raise Invalid(fields={**error.fields, **again, **wrong}) from None
    if wrong:
        raise Invalid(fields=wrong)
    return proof, sent


@bp.post("/pro/credentials/<claim_id>/withdrawal")
@require()
def withdraw(claim_id: str) -> Response:
    check_id(claim_id)
    with work() as uow:
        actions.withdraw_claim(uow, claim_id=claim_id)
    flash(gettext("Taken back."))
    return redirect(own_url(), 303)


@bp.get("/review/credentials")
@require("reviewer")
def queue() -> str:
    with read() as db:
        found = queries.queue(db, current_actor(), language())
    return render_template("credentials/queue.html", lines=found, kinds=rules.KINDS)


@bp.get("/review/credentials/<claim_id>")
@require("reviewer")
def check(claim_id: str) -> Response:
    return _check(claim_id, "", None)


@bp.post("/review/credentials/<claim_id>")
@require("reviewer")
def judge(claim_id: str) -> Response:
    check_id(claim_id)
    reason, deed = request.form.get("reason", ""), request.form.get("deed", "")
    try:
        with work() as uow:
            if deed == "refuse":
                actions.refuse(uow, claim_id=claim_id, reason=reason)
            else:
                state = actions.agree(uow, claim_id=claim_id)
    except (Invalid, Conflict) as error:
        return _check(claim_id, reason, error)
    if deed == "refuse":
        flash(gettext("Refused. The consultant reads your reason."))
    elif state is rules.ClaimState.VERIFIED:
        flash(gettext("Verified by two: it stands on the consultant’s page now."))
    else:
        flash(gettext("Noted. A second person has to check it too."))
    return redirect(url_for("credentials.queue"), 303)


@bp.get("/become-a-consultant")
def become() -> Response:
    return _joining(None, Typed(), None)


@bp.post("/become-a-consultant")
@require()
def apply() -> Response:
    given = forms.typed(request.form)
    try:
        with work() as uow:
            actions.apply(uow, application_id=given.id, wish=forms.wish_of(given))
    except (Invalid, Conflict) as error:
        return _joining(given, Typed(), error)
    flash(gettext("Thank you. Now hand in the credentials that your field asks for."))
    return redirect(url_for("credentials.become"), 303)


@bp.get("/ops/applications")
@require("operator")
def applications() -> Response:
    return _applications("", {}, None)


@bp.post("/ops/applications/<application_id>")
@require("operator")
def decide(application_id: str) -> Response:
    check_id(application_id)
    reason, deed = request.form.get("reason", ""), request.form.get("deed", "")
    try:
        with work() as uow:
            if deed == "refuse":
                actions.refuse_application(uow, application_id=application_id, reason=reason)
            else:
                actions.accept_application(uow, application_id=application_id)
    except (Invalid, Conflict) as error:
        return _applications(application_id, {application_id: reason}, error)
    flash(
        gettext("Refused. They read your reason.") if deed == "refuse" else gettext("Listed. The calendar opens now.")
    )
    return redirect(url_for("credentials.applications"), 303)


def _applications(wrong_id: str, typed: dict[str, str], error: DomainError | None) -> Response:
    with read() as db:
        found = queries.applications(db, current_actor())
        fields = {one.id: one for one in catalog.fields(db)}
    page = render_template(
        "credentials/applications.html", lines=found, fields=fields, wrong_id=wrong_id, typed=typed,
        errors=_sentences(error),
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def own_page(given: Typed, error: DomainError) -> Response:
    """The page that has the form, of a consultant or of someone on the way in."""
    return _mine(given, error) if current_actor().is_a("consultant") else _joining(None, given, error)


def own_url() -> str:
    return url_for("credentials.mine" if current_actor().is_a("consultant") else "credentials.become")


def _mine(given: Typed, error: DomainError | None) -> Response:
    with read() as db:
        found = queries.claims_of(db, current_actor().user_id)
    page = render_template(
        "credentials/mine.html", lines=found, given=given, errors=_sentences(error), kinds=rules.KINDS,
        today=utc_now().date(), step="", fresh_id=new_id(),
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _joining(wish: Typed | None, given: Typed, error: DomainError | None) -> Response:
    """The way in: what is asked, then one's application and credentials and how far they are."""
    actor = current_actor()
    with read() as db:
        fields = catalog.fields(db)
        application = queries.application_of(db, actor.user_id) if actor.user_id else None
        lines = queries.claims_of(db, actor.user_id) if application else []
    typed = wish or (forms.typed_of(application.wish) if application else Typed())
    field = next((one for one in fields if application and one.id == application.wish.field_id), None)
    page = render_template(
        "credentials/become.html", fields=fields, field=field, application=application, lines=lines, wish=typed,
        given=given, errors=_sentences(error), kinds=rules.KINDS, today=utc_now().date(), step="claim" if wish is None else "wish", fresh_id=new_id(),
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _check(claim_id: str, reason: str, error: DomainError | None) -> Response:
    check_id(claim_id)
    with read() as db:
        found = queries.claim(db, claim_id, current_actor(), language())
    page = render_template(
        "credentials/check.html", one=found, line=found.line, kinds=rules.KINDS, reason=reason, errors=_sentences(error)
    )
    return make_response(page, error.status if error else 200)


def _sentences(error: DomainError | None) -> dict[str, str]:
    if error is None:
        return {}
    return field_sentences(error) or {"form": sentence_of(error)}


def check_id(claim_id: str) -> None:
    if not is_id(claim_id):
        raise NotFound
