from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts.rules import check_right
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import is_id, new_id
from zhixun.web import pagination
from zhixun.web.security import KeyReadsOnly, current_actor, read, require, work

from . import actions, forms, queries, rules

bp = Blueprint("webhooks", __name__, template_folder="templates", url_prefix="/ops/webhooks")

LINES_SHOWN = 30


@bp.get("")
@require("operator")
def endpoints() -> str:
    check_right(current_actor(), actions.RIGHT)
    return _list(forms.Wanted(), {})


@bp.post("")
@require("operator")
def add() -> Response | tuple[str, int]:
    check_right(current_actor(), actions.RIGHT)
    wanted = forms.read_wanted(request.form)
    try:
        with work() as uow:
            _put(uow, wanted)
    except (Invalid, Conflict) as refusal:
        return _list(wanted, _said(refusal)), refusal.status
    flash(gettext("Added. Copy the secret into your program, then send it a test."))
    return redirect(url_for("webhooks.endpoint", endpoint_id=wanted.endpoint_id), 303)


@bp.get("/<endpoint_id>")
@require("operator")
def endpoint(endpoint_id: str) -> str:
    check_right(current_actor(), actions.RIGHT)
    if current_actor().read_only:
        raise KeyReadsOnly  # the page has the secret, and with it one can write in the house's name
    return _page(endpoint_id, None, {})


@bp.post("/<endpoint_id>")
@require("operator")
def change(endpoint_id: str) -> Response | tuple[str, int]:
    check_right(current_actor(), actions.RIGHT)
    wanted = forms.read_wanted(request.form, _known(endpoint_id))
    try:
        with work() as uow:
            queries.endpoint(uow.db, endpoint_id)
            _put(uow, wanted)
    except (Invalid, Conflict) as refusal:
        return _page(endpoint_id, wanted, _said(refusal)), refusal.status
    flash(gettext("Saved."))
    return _back(endpoint_id)


@bp.post("/<endpoint_id>/removal")
@require("operator")
def remove(endpoint_id: str) -> Response:
    with work() as uow:
        actions.remove_endpoint(uow, endpoint_id=_known(endpoint_id))
    flash(gettext("Removed. This address hears nothing any more."))
    return redirect(url_for("webhooks.endpoints"), 303)


@bp.post("/<endpoint_id>/secret")
@require("operator")
def renew_secret(endpoint_id: str) -> Response:
    with work() as uow:
        actions.renew_secret(uow, endpoint_id=_known(endpoint_id))
    flash(gettext("From now on we sign with the new secret."))
    return _back(endpoint_id)


@bp.post("/<endpoint_id>/test")
@require("operator")
def send_test(endpoint_id: str) -> Response:
    given = request.form.get("delivery_id", "")
    with work() as uow:
        actions.send_test(uow, endpoint_id=_known(endpoint_id), delivery_id=given if is_id(given) else new_id())
    flash(gettext("A test is on its way."))
    return _back(endpoint_id)


@bp.post("/<endpoint_id>/deliveries/<delivery_id>")
@require("operator")
def send_again(endpoint_id: str, delivery_id: str) -> Response:
    with work() as uow:
        actions.send_again(uow, endpoint_id=_known(endpoint_id), delivery_id=_known(delivery_id))
    flash(gettext("It is being sent again."))
    return _back(endpoint_id)


def _put(uow: UnitOfWork, wanted: forms.Wanted) -> None:
    actions.put_endpoint(
        uow, endpoint_id=wanted.endpoint_id, url=wanted.url, description=wanted.description, kinds=list(wanted.kinds),
        active=wanted.active, private_allowed=current_app.config["PRIVATE_WEBHOOKS"],
    )  # fmt: skip


def _list(wanted: forms.Wanted, errors: dict[str, str]) -> str:
    with read() as db:
        found = queries.endpoints(db)
    return render_template("webhooks/endpoints.html", found=found, wanted=wanted, errors=errors, kinds=_kinds())


def _page(endpoint_id: str, wanted: forms.Wanted | None, errors: dict[str, str]) -> str:
    before = pagination.time_of(request.args.get("before"))
    with read() as db:
        one = queries.endpoint(db, _known(endpoint_id))
        lines = queries.deliveries_of(db, endpoint_id, limit=LINES_SHOWN + 1, before=before)
    older = pagination.time_cursor(lines[LINES_SHOWN - 1].created_at) if len(lines) > LINES_SHOWN else None
    return render_template(
        "webhooks/endpoint.html", one=one, wanted=wanted or forms.shown(one), errors=errors, kinds=_kinds(),
        lines=lines[:LINES_SHOWN], older=older, secret=queries.secret_of(one),
        fresh_id=new_id(),
    )  # fmt: skip


def _kinds() -> dict[str, str]:
    return {kind: gettext(sentence) for kind, (_, sentence) in rules.KINDS.items()}


def _said(refusal: Invalid | Conflict) -> dict[str, str]:
    return {name: gettext(sentence) for name, sentence in refusal.fields.items()} or {
        "url": gettext(refusal.message, **refusal.values)
    }


def _known(given: str) -> str:
    if not is_id(given):
        raise NotFound
    return given


def _back(endpoint_id: str) -> Response:
    return redirect(url_for("webhooks.endpoint", endpoint_id=endpoint_id), 303)
