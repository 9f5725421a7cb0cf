"""Who a person is here: signing in, up and out, and their own account page."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.pages import queries, rules
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy import queries as privacy_queries
from zhixun.features.privacy.rules import AT_SIGN_UP, PURPOSES
from zhixun.kernel.errors import N_, DomainError, Invalid, TooMany
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, plain_text, utc_now
from zhixun.web import limits, security, shell
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.languages import language
from zhixun.web.security import current_actor, read, require, work

from . import bp

Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.get("/sign-in")
def sign_in() -> Page:
    if current_actor().user_id:
        return redirect(_next(current_actor()))
    return _sign_in_page()


@bp.post("/sign-in")
def sign_in_now() -> Page:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        limits.limit("sign_in", _whence(), tries=rules.SIGN_IN_TRIES_MAX, seconds=rules.SIGN_IN_SECONDS)
        user_id = accounts.check_credentials(email=email, password=password)
    except DomainError as error:
        return _sign_in_page(error, email)
    return _welcome(user_id)


@bp.get("/sign-up")
def sign_up() -> Page:
    if current_actor().user_id:
        return redirect(_next(current_actor()))
    return _sign_up_page()


@bp.post("/sign-up")
def sign_up_now() -> Page:
    form = request.form
    try:
        limits.limit("sign_up", _whence(), tries=rules.SIGN_UP_TRIES_MAX, seconds=rules.SIGN_UP_SECONDS)
        _check_sign_up()
        user_id = _open_account(accounts.hash_password(form["password"]))
    except accounts.EmailTaken as error:
        # Pressed twice, or an old account remembered too late: who knows the password is simply signed in.
        try:
            user_id = accounts.check_credentials(email=form["email"], password=form["password"])
        except DomainError:
            return _sign_up_page(error)
    except DomainError as error:
        return _sign_up_page(error)
    return _welcome(user_id)


@bp.post("/sign-out")
def sign_out() -> Page:
    if token := request.cookies.get(security.COOKIE):
        with work() as uow:
            accounts.sign_out(uow, token=token)
    session.clear()
    flash(gettext("You are signed out."))
    response = redirect(url_for("pages.home"), 303)
    security.forget(response)
    return response


@bp.get("/me")
@require()
def me() -> Page:
    return _me_page()


@bp.post("/me")
@require()
def change_me() -> Page:
    form = request.form
    try:
        with work() as uow:
            accounts.change_preferences(
                uow, name=form.get("name", ""), zone=form.get("zone", ""), language=form.get("language", "")
            )
    except DomainError as error:
        return _me_page(error)
    flash(gettext("Saved."))
    return redirect(url_for("pages.me"), 303)


@bp.post("/me/password")
@require()
def change_password() -> Page:
    """A new password, once the old one was given; all other sign-ins end."""
    try:
        accounts.confirm_password(user_id=current_actor().user_id, password=request.form.get("old_password", ""))
    except DomainError as error:
        return _me_page(error, wrong={"old_password": sentence_of(error)})
    try:
        password_hash = accounts.hash_password(request.form.get("new_password", ""))
    except Invalid as error:
        return _me_page(error, wrong={"new_password": field_sentences(error)["password"]})
    with work() as uow:
        accounts.change_password(
            uow, password_hash=password_hash, token=request.cookies.get(security.COOKIE, "")
        )  # fmt: skip
    flash(gettext("Your password is changed. Everywhere else you are signed out."))
    return redirect(url_for("pages.me", _anchor="sign-ins"), 303)


@bp.post("/me/consents/<purpose>")
@require()
def change_consent(purpose: str) -> Page:
    """Gives (`given=1`) or withdraws (`given=0`) one consent; the needed one cannot be withdrawn while the account stands."""
    with work() as uow:
        if request.form.get("given") == "1":
            privacy.give_consent(uow, user_id=uow.actor.user_id, purpose=purpose)
            said = gettext("Noted: you agreed.")
        elif purpose in PURPOSES and PURPOSES[purpose].needed:
            raise Invalid(N_("This one is needed while you have an account."))
        else:
            privacy.withdraw_consent(uow, user_id=uow.actor.user_id, purpose=purpose)
            said = gettext("Noted: you took it back.")
    shell.ask_consent_anew(current_actor().user_id)
    flash(said)
    return redirect(url_for("pages.me", _anchor="consents"), 303)


@bp.post("/me/sign-ins")
@require()
def end_sign_ins() -> Page:
    """Ends one sign-in (`id`), or all but this one (no `id`)."""
    with work() as uow:
        if wanted := request.form.get("id"):
            accounts.end_sign_in(uow, sign_in_id=plain_text(wanted))
        else:
            accounts.end_other_sign_ins(uow, token=request.cookies.get(security.COOKIE, ""))
    flash(gettext("Signed out there."))
    return redirect(url_for("pages.me", _anchor="sign-ins"), 303)


def _check_sign_up() -> None:
    """Everything that is wrong, at once, before the slow hashing. Raises Invalid naming every field."""
    form = request.form
    wrong: dict[str, str] = {}
    for name, check in rules.SIGN_UP_CHECKS.items():
        try:
            check(form.get(name, ""))
        except Invalid as error:
            wrong |= error.fields
    if not form.get("terms"):
        wrong["terms"] = N_("Please agree to the terms, or we cannot open an account.")
    if wrong:
        raise Invalid(fields=wrong)


def _open_account(password_hash: str) -> str:
    form = request.form
    with unit_of_work() as uow:
        user_id = accounts.sign_up(
            uow, user_id=new_id(), email=form["email"], password_hash=password_hash, name=form["name"],
            zone=rules.known_zone(form.get("zone", "")), language=language(),
        )  # fmt: skip
        for purpose in AT_SIGN_UP:
            if form.get(purpose):
                privacy.give_consent(uow, user_id=user_id, purpose=purpose)
    return user_id


def _welcome(user_id: str) -> Response:
    """A fresh sign-in, with nothing carried over from whoever used this browser before."""
    with unit_of_work() as uow:
        if old := request.cookies.get(security.COOKIE):
            accounts.sign_out(uow, token=old)
        signed_in = accounts.sign_in(uow, user_id=user_id, user_agent=request.headers.get("User-Agent", ""))
        person = account_queries.person(uow.db, user_id)
    session.clear()
    shell.ask_consent_anew(user_id)
    response = redirect(_next(Actor(user_id, person.roles)), 303)
    security.remember(response, signed_in.token, signed_in.expires_at)
    return response


def _next(actor: Actor) -> str:
    """Where they wanted to go, or the first page of their role."""
    endpoint = next((page for role, page in rules.FIRST_PAGES if actor.is_a(role)), "pages.home")
    return security.safe_next(request.values.get("next"), url_for(endpoint))


def _whence() -> str:
    return request.remote_addr or ""


def _sign_in_page(error: DomainError | None = None, email: str = "") -> Page:
    wait = int(str(error.extra.get("retry_after_seconds", 0))) if isinstance(error, TooMany) else 0
    page = render_template(
        "pages/sign_in.html", email=email, wait=wait, errors=field_sentences(error) if error else {},
        said=sentence_of(error) if error and not error.fields else "", next=request.values.get("next", ""),
        demo_accounts=rules.DEMO_ACCOUNTS if current_app.config["DEMO"] else (), demo_password=rules.DEMO_PASSWORD,
    )  # fmt: skip
    return page, error.status if error else 200, {"Retry-After": str(wait)} if wait else {}


def _sign_up_page(error: DomainError | None = None) -> Page:
    page = render_template(
        "pages/sign_up.html", form=request.form, errors=field_sentences(error) if error else {},
        said=sentence_of(error) if error and not error.fields else "", next=request.values.get("next", ""),
        purposes=[PURPOSES[name] for name in AT_SIGN_UP], zones=rules.zone_choices(request.form.get("zone", "")),
    )  # fmt: skip
    return page, error.status if error else 200


def _me_page(error: DomainError | None = None, *, wrong: dict[str, str] | None = None) -> Page:
    actor, now = current_actor(), utc_now()
    with read() as db:
        person = account_queries.person(db, actor.user_id)
        email = account_queries.emails_of(db, [actor.user_id], actor)[actor.user_id]
        consents = privacy_queries.consents_of(db, actor.user_id)
        sign_ins = account_queries.sign_ins_of(
            db, actor.user_id, now, token=request.cookies.get(security.COOKIE, "")
        )  # fmt: skip
    shown = (
        request.form if error and not wrong else {"name": person.name, "zone": person.zone, "language": person.language}
    )
    page = render_template(
        "pages/me.html", person=person, email=email, shown=shown, errors=wrong or (field_sentences(error) if error else {}),
        consents=queries.standing(consents), sign_ins=sign_ins, zones=rules.every_zone(person.zone), device=rules.device, now=now,
    )  # fmt: skip
    return page, error.status if error else 200
