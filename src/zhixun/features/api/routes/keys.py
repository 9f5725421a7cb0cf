"""A person's keys for programs: made, seen once, ended."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.api import actions, queries, rules
from zhixun.kernel.errors import DomainError
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.security import current_actor, proved, read, require, work

keys = Blueprint("keys", "zhixun.features.api", template_folder="templates", url_prefix="/me/keys")


@keys.get("")
@require()
def mine() -> Response:
    return _page()


@keys.post("")
@require()
@proved
def make() -> Response:
    form = request.form
    key_id, days = form.get("key_id", ""), form.get("days", "")
    try:
        with work() as uow:
            token = actions.make_key(
                uow, key_id=key_id if is_id(key_id) else new_id(), name=form.get("name", ""),
                days=int(days) if days in {str(one) for one in rules.LASTS_DAYS} else 0,
                read_only=form.get("read_only") == "yes",
            )  # fmt: skip
    except DomainError as error:
        return _page(error=error)
    return _page(token=token)


@keys.post("/<key_id>/end")
@require()
def end(key_id: str) -> Response:
    with work() as uow:
        actions.end_key(uow, key_id=key_id)
    flash(gettext("Ended. A program that still uses it is refused from now on."))
    return redirect(url_for("keys.mine"), 303)


def _page(*, token: str = "", error: DomainError | None = None) -> Response:
    now = utc_now()
    with read() as db:
        found = queries.keys_of(db, current_actor().user_id, now)
    typed = request.form if error else {}
    page = render_template(
        "api/keys.html", found=found, token=token, typed=typed, fresh_id=new_id(), lasts=rules.LASTS_DAYS,
        errors=field_sentences(error) if error else {},
        said=sentence_of(error) if error and not error.fields else "",
    )  # fmt: skip
    response = make_response(page, error.status if error else 201 if token else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
