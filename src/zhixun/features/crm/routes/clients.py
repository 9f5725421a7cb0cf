"""One page per client: the desk's, and a consultant's of their own clients."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts.rules import check_right
from zhixun.features.crm import actions, forms, queries
from zhixun.features.crm.actions import TooManyTags
from zhixun.features.profiles import queries as profiles
from zhixun.kernel.errors import DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors, pagination
from zhixun.web.languages import language
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.get("/ops/clients")
@require("operator")
def clients() -> str:
    check_right(current_actor(), "see_clients")
    named = forms.named(request.args.get("q", ""))
    after, now = pagination.place_of(request.args.get("after")), utc_now()
    with read() as db:
        lines, more = queries.clients(db, now, named=named, after=after)
    return render_template(
        "crm/clients.html", lines=lines, named=named, now=now, paged=after[0] is not None,
        older=pagination.place_cursor(*more) if more else None,
    )  # fmt: skip


@bp.route("/ops/clients/<client_id>", methods=["GET", "POST"])
@require("operator")
def client(client_id: str) -> AnyResponse:
    """Read the page; write a note (`note`), delete one (`delete`), add a tag (`tag`), remove one (`untag`)."""
    check_right(current_actor(), "see_clients")
    return _client(client_id, "crm.client")


@bp.get("/pro/clients")
@require("consultant")
def own_clients() -> str:
    with read() as db:
        lines = queries.own_clients(db, current_actor().user_id, utc_now())
    return render_template("crm/own_clients.html", lines=lines)


@bp.route("/pro/clients/<client_id>", methods=["GET", "POST"])
@require("consultant")
def own_client(client_id: str) -> AnyResponse:
    """Read the page; write a note of one's own, or delete one."""
    return _client(client_id, "crm.own_client")


def _client(client_id: str, endpoint: str) -> AnyResponse:
    if not is_id(client_id):
        raise NotFound
    if request.method == "GET":
        return _page(client_id, endpoint)
    try:
        _do(client_id)
    except (Invalid, TooManyTags) as error:
        return _page(client_id, endpoint, error)
    flash(gettext("Saved."))
    return redirect(url_for(endpoint, client_id=client_id, _anchor="notes"), 303)


def _do(client_id: str) -> None:
    form = request.form
    with work() as uow:
        if "delete" in form:
            actions.delete_note(uow, note_id=form["delete"], client_id=client_id)
        elif "untag" in form:
            actions.remove_tag(uow, client_id=client_id, tag=form["untag"])
        elif "tag" in form:
            actions.add_tag(uow, client_id=client_id, tag=form["tag"])
        else:
            given = form.get("note_id", "")
            note_id = given if is_id(given) else new_id()
            actions.write_note(uow, note_id=note_id, client_id=client_id, text=form.get("note", ""))


def _page(client_id: str, endpoint: str, error: DomainError | None = None) -> AnyResponse:
    actor, now = current_actor(), utc_now()
    with read() as db:
        if endpoint == "crm.client":
            found, profile = (
                queries.client_page(db, client_id, actor, now, language()),
                profiles.profile_of(db, client_id),
            )
        else:
            profile, found = None, queries.own_client_page(db, client_id, actor, now, language())
    template = "crm/client.html" if endpoint == "crm.client" else "crm/own_client.html"
    page = render_template(
        template, page=found, profile=profile, now=now, typed=request.form, note_id=new_id(),
        errors=errors.field_sentences(error) if isinstance(error, Invalid) else {},
        said=errors.sentence_of(error) if error and not error.fields else "",
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
