"""People's own account page: name, zone, language, and what they agreed to."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.pages import queries
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy import queries as privacy_queries
from zhixun.features.privacy.rules import PURPOSES
from zhixun.kernel.errors import N_, DomainError, Invalid
from zhixun.kernel.values import utc_now
from zhixun.web import shell
from zhixun.web.errors import field_sentences
from zhixun.web.security import current_actor, read, require, work

from . import bp

Page = str | Response | tuple[str, int]


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


def _me_page(error: DomainError | None = None) -> Page:
    actor = current_actor()
    with read() as db:
        person = account_queries.person(db, actor.user_id)
        email = account_queries.emails_of(db, [actor.user_id], actor)[actor.user_id]
        consents = privacy_queries.consents_of(db, actor.user_id)
    shown = request.form if error else {"name": person.name, "zone": person.zone, "language": person.language}
    page = render_template(
        "pages/me.html", person=person, email=email, shown=shown, errors=field_sentences(error) if error else {},
        consents=queries.standing(consents), now=utc_now(),
    )  # fmt: skip
    return page, error.status if error else 200
