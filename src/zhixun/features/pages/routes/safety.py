"""What guards an account, in its owner's hands: second factors, the password, and where they are signed in."""

from __future__ import annotations

import segno
from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.accounts import rules as account_rules
from zhixun.kernel.errors import DomainError, Invalid, SecondFactorNeeded
from zhixun.kernel.values import plain_text, utc_now
from zhixun.web import security
from zhixun.web.errors import field_sentences, is_api, refused, sentence_of
from zhixun.web.security import current_actor, proved, read, require, work
from zhixun.web.ways import leads_to

from . import bp
from .door import as_options, place

QR_SCALE, QR_BORDER = 5, 4
"""The border is the quiet zone that readers need (ISO/IEC 18004)."""


@bp.get("/me/security")
@require()
def safety() -> Response:
    return _safety_page()


@bp.post("/me/password")
@leads_to("pages.safety")
@require()
def change_password() -> Response:
    """A new password, once the old one was given; all other sign-ins end."""
    try:
        accounts.confirm_password(user_id=current_actor().user_id, password=request.form.get("old_password", ""))
    except DomainError as error:
        return _safety_page(error, {"old_password": sentence_of(error)})
    try:
        password_hash = accounts.hash_password(request.form.get("new_password", ""))
    except Invalid as error:
        return _safety_page(error, {"new_password": field_sentences(error)["password"]})
    with work() as uow:
        accounts.change_password(uow, password_hash=password_hash, token=_token())
    flash(gettext("Your password is changed. Everywhere else you are signed out."))
    return redirect(url_for("pages.safety", _anchor="sign-ins"), 303)


@bp.post("/me/sign-ins")
@leads_to("pages.safety")
@require()
def end_sign_ins() -> Response:
    """Ends one sign-in (`id`), or all but this one (no `id`)."""
    with work() as uow:
        if wanted := request.form.get("id"):
            accounts.end_sign_in(uow, sign_in_id=plain_text(wanted))
        else:
            accounts.end_other_sign_ins(uow, token=_token())
    flash(gettext("Signed out there."))
    return redirect(url_for("pages.safety", _anchor="sign-ins"), 303)


@bp.post("/me/security/app")
@require()
@proved
def begin_app() -> Response:
    with work() as uow:
        accounts.begin_app(uow)
    return redirect(url_for("pages.app_to_confirm"), 303)


@bp.get("/me/security/app")
@require()
@proved
def app_to_confirm() -> Response:
    """The secret of an app that is being set up, as a picture and as letters."""
    return _app_page()


@bp.post("/me/security/app/confirmation")
@require()
@proved
def confirm_app() -> Response:
    try:
        codes = accounts.confirm_app(current_actor(), token=_token(), code=request.form.get("code", ""))
    except DomainError as error:
        return _app_page(error)
    flash(gettext("Your authenticator app is set up. From now on we ask for its code when you sign in."))
    return _codes_page(codes) if codes else redirect(url_for("pages.safety"), 303)


@bp.post("/me/security/app/removal")
@require()
@proved
def remove_app() -> Response:
    with work() as uow:
        accounts.remove_app(uow)
    flash(gettext("Removed. Its codes are no longer asked for."))
    return redirect(url_for("pages.safety"), 303)


@bp.post("/me/security/codes")
@require()
@proved
def make_codes() -> Response:
    try:
        with work() as uow:
            codes = accounts.make_codes(uow)
    except DomainError as error:
        return _safety_page(error)
    return _codes_page(codes)


@bp.get("/me/security/passkey")
@require()
@proved
def new_passkey() -> Response:
    return _passkey_page()


@bp.post("/me/security/passkey/options")
@require()
@proved
def registration_options() -> Response:
    with work() as uow:
        told = accounts.registration_options(uow, token=_token(), place=place())
    return as_options(told)


@bp.post("/me/security/passkey")
@require()
@proved
def add_passkey() -> Response:
    form = request.form
    try:
        codes = accounts.add_passkey(
            current_actor(), token=_token(), place=place(), credential=form.get("credential", ""),
            name=form.get("passkey_name", ""),
        )  # fmt: skip
    except DomainError as error:
        return _passkey_page(error)
    flash(gettext("The passkey is kept. You can sign in with it."))
    return _codes_page(codes) if codes else redirect(url_for("pages.safety", _anchor="passkeys"), 303)


@bp.post("/me/security/passkeys/<passkey_id>/removal")
@require()
@proved
def remove_passkey(passkey_id: str) -> Response:
    with work() as uow:
        accounts.remove_passkey(uow, passkey_id=passkey_id)
    flash(gettext("Removed. Nobody can sign in with it any more."))
    return redirect(url_for("pages.safety", _anchor="passkeys"), 303)


@bp.app_errorhandler(SecondFactorNeeded)
def lead_to_safety(error: SecondFactorNeeded) -> Response:
    """To where one is set up; who has one is asked for it instead."""
    if is_api():
        return refused(error)
    flash(sentence_of(error), "bad")
    with read() as db:
        has_one = account_queries.has_second_factor(db, current_actor().user_id)
    return redirect(url_for("pages.prove", to=request.path) if has_one else url_for("pages.safety"), 303)


def _token() -> str:
    return request.cookies.get(security.COOKIE, "")


def _safety_page(error: DomainError | None = None, wrong: dict[str, str] | None = None) -> Response:
    actor = current_actor()
    with read() as db:
        factors = account_queries.factors_of(db, actor.user_id)
        sign_ins = account_queries.sign_ins_of(db, actor.user_id, utc_now(), token=_token())
    page = render_template(
        "pages/safety.html", factors=factors, sign_ins=sign_ins, errors=wrong or {}, device=account_rules.device,
        said=sentence_of(error) if error and not wrong else "", passkeys_max=account_rules.PASSKEYS_MAX,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _app_page(error: DomainError | None = None) -> Response:
    actor = current_actor()
    with read() as db:
        secret = account_queries.app_to_confirm(db, actor.user_id)
        email = account_queries.emails_of(db, [actor.user_id], actor)[actor.user_id] if secret else ""
    if secret is None:
        return redirect(url_for("pages.safety"), 303)
    address = account_rules.app_address(secret, email)
    drawn = segno.make(address, error="m", micro=False)
    picture = Markup(drawn.svg_inline(scale=QR_SCALE, border=QR_BORDER, omitsize=True, svgclass=None, lineclass=None))
    page = render_template(
        "pages/app.html", picture=picture, address=address, groups=[secret[at : at + 4] for at in range(0, len(secret), 4)],
        errors=field_sentences(error) if error else {}, said=sentence_of(error) if error and not error.fields else "",
    )  # fmt: skip
    return _unkept(page, error)


def _passkey_page(error: DomainError | None = None) -> Response:
    page = render_template(
        "pages/passkey.html", place=place(), name=request.form.get("passkey_name", ""),
        errors=field_sentences(error) if error else {}, said=sentence_of(error) if error and not error.fields else "",
    )  # fmt: skip
    return _unkept(page, error)


def _codes_page(codes: tuple[str, ...]) -> Response:
    return _unkept(render_template("pages/codes.html", codes=codes), None)


def _unkept(page: str, error: DomainError | None) -> Response:
    response = make_response(page, error.status if error else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
