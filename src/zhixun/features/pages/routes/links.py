"""Where links from mails lead: a new password, an address confirmed, another address. Looking at one uses nothing up."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.accounts.actions import LinkSpent
from zhixun.features.accounts.rules import LINK_LENGTH_MAX
from zhixun.features.pages import rules
from zhixun.kernel.errors import DomainError, TooMany
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now
from zhixun.web import limits, security
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.security import current_actor, proved, read, require, work

from . import bp
from .door import whence


@bp.get("/sign-in/forgotten")
def forgotten() -> Response:
    return _forgotten_page()


@bp.post("/sign-in/forgotten")
def send_password_link() -> Response:
    """The same answer whether anybody has this address or nobody, and however often it was asked for."""
    email = request.form.get("email", "")
    try:
        limits.limit("forgotten", whence(), tries=rules.LINKS_FROM_ONE_HOST, seconds=rules.LINKS_SECONDS)
        if _asked_seldom(email):
            with unit_of_work() as uow:
                accounts.ask_password_link(uow, email=email)
    except DomainError as error:
        return _forgotten_page(error, email)
    return make_response(render_template("pages/forgotten.html", sent=True, email="", errors={}, said=""))


@bp.get("/sign-in/new-password/<token>")
def new_password(token: str) -> Response:
    return _new_password_page(token)


@bp.post("/sign-in/new-password/<token>")
def set_password(token: str) -> Response:
    try:
        _check_link(token, "password")
        password_hash = accounts.hash_password(request.form.get("password", ""))
        with unit_of_work() as uow:
            accounts.reset_password(uow, token=token, password_hash=password_hash)
    except DomainError as error:
        return _new_password_page(token, error)
    flash(gettext("Your new password is set. You are signed out everywhere; please sign in with it."))
    response = redirect(url_for("pages.sign_in"), 303)
    security.forget(response)
    return response


@bp.get("/confirm-address/<token>")
def address_to_confirm(token: str) -> Response:
    return _confirm_page("confirm", token)


@bp.post("/confirm-address/<token>")
def confirm_address(token: str) -> Response:
    try:
        with unit_of_work() as uow:
            accounts.confirm_address(uow, token=token)
    except DomainError as error:
        return _confirm_page("confirm", token, error)
    flash(gettext("Thank you: your address is confirmed."))
    return redirect(url_for("pages.home"), 303)


@bp.get("/change-address/<token>")
def address_to_change(token: str) -> Response:
    return _confirm_page("change", token)


@bp.post("/change-address/<token>")
def change_address(token: str) -> Response:
    try:
        with unit_of_work() as uow:
            accounts.change_address(uow, token=token)
    except DomainError as error:
        return _confirm_page("change", token, error)
    flash(gettext("Done: from now on you sign in, and hear from us, at the new address."))
    return redirect(url_for("pages.safety") if current_actor().user_id else url_for("pages.sign_in"), 303)


@bp.post("/me/confirmation")
@require()
def send_confirmation() -> Response:
    limits.limit("confirmation", current_actor().user_id, tries=rules.LINKS_TO_ONE_ADDRESS, seconds=rules.LINKS_SECONDS)
    with work() as uow:
        accounts.ask_confirmation(uow, user_id=uow.actor.user_id)
    flash(gettext("Sent. Please look into your mailbox, and into its folder for junk."))
    return redirect(url_for("pages.me"), 303)


@bp.post("/me/email")
@require()
@proved
def ask_change_of_address() -> Response:
    actor = current_actor()
    try:
        limits.limit("new_address", actor.user_id, tries=rules.LINKS_TO_ONE_ADDRESS, seconds=rules.LINKS_SECONDS)
        with work() as uow:
            accounts.ask_change_of_address(uow, email=request.form.get("email", ""))
    except DomainError as error:
        return _address_page(error)
    flash(gettext("We sent a link to the new address. It counts once you follow the link."))
    return redirect(url_for("pages.me"), 303)


@bp.get("/me/email")
@require()
def email() -> Response:
    return _address_page()


def _asked_seldom(email: str) -> bool:
    """Whether this address gets another mail. Too often is not said: it would tell that we write to it."""
    try:
        limits.limit("link_to", email.strip().lower(), tries=rules.LINKS_TO_ONE_ADDRESS, seconds=rules.LINKS_SECONDS)
    except TooMany:
        return False
    return True


def _check_link(token: str, kind: str) -> None:
    """Before the slow hashing. Raises LinkSpent."""
    with read() as db:
        if len(token) > LINK_LENGTH_MAX or account_queries.link_of_token(db, token, kind=kind, now=utc_now()) is None:
            raise LinkSpent


def _forgotten_page(error: DomainError | None = None, email: str = "") -> Response:
    page = render_template(
        "pages/forgotten.html", sent=False, email=email, errors=field_sentences(error) if error else {},
        said=sentence_of(error) if error and not error.fields else "",
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _new_password_page(token: str, error: DomainError | None = None) -> Response:
    try:
        _check_link(token, "password")
    except LinkSpent as spent:
        return _spent_page(spent)
    page = render_template(
        "pages/new_password.html", token=token, errors=field_sentences(error) if error else {},
        said=sentence_of(error) if error and not error.fields else "",
    )  # fmt: skip
    return _unkept(page, error.status if error else 200)


def _confirm_page(kind: str, token: str, error: DomainError | None = None) -> Response:
    with read() as db:
        found = account_queries.link_of_token(db, token, kind=kind, now=utc_now())
    if found is None:
        return _spent_page(LinkSpent())
    page = render_template(
        "pages/address.html", kind=kind, token=token, address=found.address, said=sentence_of(error) if error else ""
    )
    return _unkept(page, error.status if error else 200)


def _spent_page(error: LinkSpent) -> Response:
    return _unkept(render_template("pages/spent.html", said=sentence_of(error)), error.status)


def _address_page(error: DomainError | None = None) -> Response:
    actor = current_actor()
    with read() as db:
        now_at = account_queries.emails_of(db, [actor.user_id], actor)[actor.user_id]
    page = render_template(
        "pages/new_address.html", now_at=now_at, email=request.form.get("email", ""),
        errors=field_sentences(error) if error else {}, said=sentence_of(error) if error and not error.fields else "",
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _unkept(page: str, status: int) -> Response:
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
