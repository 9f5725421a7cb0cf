"""Once more, before what cannot be taken back: it is really you. What was being sent is kept, and sent on afterwards."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.pages import rules
from zhixun.kernel.errors import DomainError, Invalid, ProofNeeded
from zhixun.web import limits, security
from zhixun.web.errors import by_script, is_api, refused, sentence_of
from zhixun.web.security import current_actor, read, require, work

from . import bp
from .door import as_options, place, whence

OWN = ("proof_to", "proof_kept", "proof_password", "proof_code", "credential", "csrf_token")
"""What the asking page itself sends; everything else is the form that was interrupted."""


@bp.app_errorhandler(ProofNeeded)
def ask(error: ProofNeeded) -> Response:
    if is_api() or by_script():
        return refused(error)
    here = request.full_path.rstrip("?")
    if request.method == "GET":
        return redirect(url_for("pages.prove", to=here), 303)
    return _page(request.script_root + here, kept=True)


@bp.get("/me/proof")
@require()
def prove() -> Response:
    return _page(_where(request.args.get("to")), kept=False)


@bp.post("/me/proof")
@require()
def prove_now() -> Response:
    """Checks, notes it, and goes on: by 307 where a form was interrupted, so that the browser sends it as it was."""
    form, kept = request.form, request.form.get("proof_kept") == "yes"
    to = security.safe_next(form.get("proof_to"), url_for("pages.safety"))
    try:
        limits.limit("second_factor", whence(), tries=rules.FACTOR_TRIES_MAX, seconds=rules.SIGN_IN_SECONDS)
        by_factor = _checked()
    except DomainError as error:
        return _page(to, kept=kept, error=error)
    with work() as uow:
        accounts.prove(uow, token=request.cookies.get(security.COOKIE, ""), by_factor=by_factor)
    if to.endswith(url_for("pages.copy_my_data")):  # a file would come, and the page that asked would stay
        flash(gettext("It is you. Press once more, and the copy comes."))
        return redirect(url_for("pages.my_data"), 303)
    return redirect(to, 307 if kept else 303)


@bp.post("/me/proof/options")
@require()
def proof_options() -> Response:
    with work() as uow:
        told = accounts.passkey_options(
            uow, holder=request.cookies.get(security.COOKIE, ""), purpose="proof", place=place(),
            user_id=uow.actor.user_id,
        )  # fmt: skip
    return as_options(told)


def _where(to: str | None) -> str:
    """Its own address, in the language it was read in."""
    inside = security.safe_next(to, "")
    return request.script_root + inside if inside else url_for("pages.safety")


def _checked() -> bool:
    """Whether it was a second factor: who has one must show it; everyone else their password. Raises DomainError."""
    form, user_id = request.form, current_actor().user_id
    with read() as db:
        has_factor = account_queries.has_second_factor(db, user_id)
    if not has_factor:
        accounts.confirm_password(user_id=user_id, password=form.get("proof_password", ""))
    elif form.get("credential"):
        accounts.check_passkey(
            holder=request.cookies.get(security.COOKIE, ""), purpose="proof", place=place(),
            credential=form["credential"], user_id=user_id,
        )  # fmt: skip
    else:
        accounts.check_code(user_id=user_id, code=form.get("proof_code", ""))
    return has_factor


def _page(to: str, *, kept: bool, error: DomainError | None = None) -> Response:
    with read() as db:
        factors = account_queries.factors_of(db, current_actor().user_id)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in OWN] if kept else []
    if len(fields) > rules.KEPT_FIELDS_MAX:
        raise Invalid
    page = render_template(
        "pages/prove.html", factors=factors, to=to, fields=fields, kept=kept, place=place(),
        said=sentence_of(error) if error else "",
    )  # fmt: skip
    response = make_response(page, error.status if error else 403 if kept else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
