"""The door: signing in by password and second factor or by passkey, opening an account, signing out."""

from __future__ import annotations

import secrets

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.accounts.rules import Place, place_of
from zhixun.features.pages import rules
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy.rules import AT_SIGN_UP, PURPOSES
from zhixun.kernel.errors import N_, DomainError, Invalid, TooMany
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, utc_now
from zhixun.web import limits, security, shell
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.languages import language
from zhixun.web.security import current_actor, read, work

from . import bp

Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]
DOOR, BROWSER = "door", "browser"
"""Where the session keeps the door someone stands at, and what tells apart browsers nobody has signed in with."""


@bp.get("/sign-in")
def sign_in() -> Page:
    if current_actor().user_id:
        return redirect(_next(current_actor()))
    return _sign_in_page()


@bp.post("/sign-in")
def sign_in_now() -> Page:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        limits.limit("sign_in", whence(), tries=rules.SIGN_IN_TRIES_MAX, seconds=rules.SIGN_IN_SECONDS)
        user_id = accounts.check_credentials(email=email, password=password)
    except DomainError as error:
        return _sign_in_page(error, email)
    return _past_password(user_id)


@bp.get("/sign-in/second")
def second() -> Page:
    """The second factor of whoever has just given the right password."""
    return _second_page()


@bp.post("/sign-in/second")
def second_now() -> Page:
    """A code, or the answer of a passkey."""
    form, door = request.form, session.get(DOOR, "")
    try:
        limits.limit("second_factor", whence(), tries=rules.FACTOR_TRIES_MAX, seconds=rules.SIGN_IN_SECONDS)
        if (user_id := _who_waits()) is None:
            return redirect(url_for("pages.sign_in", next=form.get("next") or None), 303)
        if form.get("credential"):
            accounts.check_passkey(
                holder=door, purpose="door", place=place(), credential=form["credential"], user_id=user_id
            )
        else:
            accounts.check_code(user_id=user_id, code=form.get("code", ""))
    except DomainError as error:
        return _second_page(error)
    with unit_of_work() as uow:
        accounts.close_door(uow, token=door)
    return _welcome(user_id, second_factor=True)


@bp.post("/sign-in/second/options")
def second_options() -> Response:
    limits.limit("second_factor", whence(), tries=rules.FACTOR_TRIES_MAX, seconds=rules.SIGN_IN_SECONDS)
    if (user_id := _who_waits()) is None:
        raise accounts.WrongPasskey
    with unit_of_work() as uow:
        told = accounts.passkey_options(
            uow, holder=session[DOOR], purpose="door", place=place(), user_id=user_id
        )  # fmt: skip
    return as_options(told)


@bp.post("/sign-in/passkey/options")
def passkey_options() -> Response:
    """For whoever signs in by passkey alone. Which of them, the browser's owner chooses."""
    limits.limit("second_factor", whence(), tries=rules.FACTOR_TRIES_MAX, seconds=rules.SIGN_IN_SECONDS)
    session[BROWSER] = secrets.token_urlsafe(32)
    with unit_of_work() as uow:
        told = accounts.passkey_options(uow, holder=session[BROWSER], purpose="sign_in", place=place())
    return as_options(told)


@bp.post("/sign-in/passkey")
def passkey_now() -> Page:
    try:
        limits.limit("second_factor", whence(), tries=rules.FACTOR_TRIES_MAX, seconds=rules.SIGN_IN_SECONDS)
        user_id = accounts.check_passkey(
            holder=session.pop(BROWSER, ""), purpose="sign_in", place=place(),
            credential=request.form.get("credential", ""),
        )  # fmt: skip
    except DomainError as error:
        return _sign_in_page(error)
    return _welcome(user_id, second_factor=True)


@bp.get("/sign-up")
def sign_up() -> Page:
    if current_actor().user_id:
        return redirect(_next(current_actor()))
    return _sign_up_page()


@bp.post("/sign-up")
def sign_up_now() -> Page:
    form = request.form
    try:
        limits.limit("sign_up", whence(), tries=rules.SIGN_UP_TRIES_MAX, seconds=rules.SIGN_UP_SECONDS)
        _check_sign_up()
        user_id = _open_account(accounts.hash_password(form["password"]))
    except accounts.EmailTaken as error:
        # Pressed twice, or an old account remembered too late: who knows the password is simply signed in.
        try:
            user_id = accounts.check_credentials(email=form["email"], password=form["password"])
        except DomainError:
            return _sign_up_page(error)
        return _past_password(user_id)
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


def whence() -> str:
    return request.remote_addr or ""


def place() -> Place:
    """Where passkeys are good here."""
    return place_of(current_app.config["PUBLIC_URL"])


def as_options(told: str) -> Response:
    response = current_app.response_class(told, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


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
        uow.db.flush()
        accounts.ask_confirmation(uow, user_id=user_id)
    return user_id


def _past_password(user_id: str) -> Response:
    """In, or to the second factor where they have one."""
    with unit_of_work() as uow:
        door = accounts.open_door(uow, user_id=user_id) if account_queries.has_second_factor(uow.db, user_id) else ""
    if not door:
        return _welcome(user_id)
    session.clear()
    session[DOOR] = door
    return redirect(url_for("pages.second", next=request.form.get("next") or None), 303)


def _who_waits() -> str | None:
    with read() as db:
        return account_queries.who_waits(db, session.get(DOOR, ""), utc_now())


def _welcome(user_id: str, *, second_factor: bool = False) -> Response:
    """A fresh sign-in, with nothing carried over from whoever used this browser before."""
    browser = request.cookies.get(security.BROWSER_COOKIE) or secrets.token_urlsafe(32)
    agent = request.headers.get("User-Agent", "")
    with unit_of_work() as uow:
        if old := request.cookies.get(security.COOKIE):
            accounts.sign_out(uow, token=old)
        signed_in = accounts.sign_in(uow, user_id=user_id, user_agent=agent, second_factor=second_factor)
        accounts.know_device(uow, user_id=user_id, token=browser, user_agent=agent)
        person = account_queries.person(uow.db, user_id)
    session.clear()
    shell.ask_consent_anew(user_id)
    response = redirect(_next(Actor(user_id, person.roles)), 303)
    security.remember(response, signed_in.token, signed_in.expires_at)
    security.remember_browser(response, browser)
    return response


def _next(actor: Actor) -> str:
    """Where they wanted to go, or the first page of their role."""
    endpoint = next((page for role, page in rules.FIRST_PAGES if actor.is_a(role)), "pages.home")
    return security.safe_next(request.values.get("next"), url_for(endpoint))


def _wait_of(error: DomainError | None) -> int:
    return int(str(error.extra.get("retry_after_seconds", 0))) if isinstance(error, TooMany) else 0


def _sign_in_page(error: DomainError | None = None, email: str = "") -> Page:
    wait = _wait_of(error)
    page = render_template(
        "pages/sign_in.html", email=email, wait=wait, errors=field_sentences(error) if error else {},
        said=sentence_of(error) if error and not error.fields else "", next=request.values.get("next", ""),
        demo_accounts=rules.DEMO_ACCOUNTS if current_app.config["DEMO"] else (), demo_password=rules.DEMO_PASSWORD,
        place=place(),
    )  # fmt: skip
    return page, error.status if error else 200, {"Retry-After": str(wait)} if wait else {}


def _second_page(error: DomainError | None = None) -> Page:
    with read() as db:
        user_id = account_queries.who_waits(db, session.get(DOOR, ""), utc_now())
        factors = account_queries.factors_of(db, user_id) if user_id else None
    if factors is None:
        return redirect(url_for("pages.sign_in", next=request.values.get("next") or None), 303)
    wait = _wait_of(error)
    page = render_template(
        "pages/second.html", factors=factors, wait=wait, errors=field_sentences(error) if error else {},
        said=sentence_of(error) if error and not error.fields else "", next=request.values.get("next", ""),
        place=place(),
    )  # fmt: skip
    return page, error.status if error else 200, {"Retry-After": str(wait)} if wait else {}


def _sign_up_page(error: DomainError | None = None) -> Page:
    page = render_template(
        "pages/sign_up.html", form=request.form, errors=field_sentences(error) if error else {},
        said=sentence_of(error) if error and not error.fields else "", next=request.values.get("next", ""),
        purposes=[PURPOSES[name] for name in AT_SIGN_UP], zones=rules.zone_choices(request.form.get("zone", "")),
    )  # fmt: skip
    return page, error.status if error else 200
