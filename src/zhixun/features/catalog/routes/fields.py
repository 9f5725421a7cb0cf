"""The desk's editor of fields: their texts, questions, rubric and warnings, and new ones without code."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import actions, forms, queries
from zhixun.features.catalog.forms import Typed
from zhixun.features.catalog.rules import INTAKE_KINDS
from zhixun.kernel.errors import Conflict, DomainError, Invalid, NotFound
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.security import current_actor, read, require, work

from . import bp

RIGHT = "edit_fields"
NEW = "new"


@bp.get("/ops/fields")
@require("operator")
def fields() -> str:
    check_right(current_actor(), RIGHT)
    with read() as db:
        found = queries.fields(db)
        counts = queries.listed_count(db)
    return render_template("catalog/fields.html", fields=found, counts=counts, new=NEW)


@bp.get("/ops/fields/<field_id>")
@require("operator")
def edit_field(field_id: str) -> Response:
    check_right(current_actor(), RIGHT)
    if field_id == NEW:
        return _page(field_id, Typed({}), None)
    with read() as db:
        found = next((one for one in queries.fields(db) if one.id == field_id), None)
    if found is None:
        raise NotFound
    return _page(field_id, forms.typed_of(found), None)


@bp.post("/ops/fields/<field_id>")
@require("operator")
def write_field(field_id: str) -> Response:
    check_right(current_actor(), RIGHT)
    given = forms.typed(request.form if field_id == NEW else {**request.form, "id": field_id})
    try:
        made = forms.field_of(given)
        with work() as uow:
            if field_id == NEW:
                actions.add_field(uow, field=made)
            else:
                actions.edit_field(uow, field=made)
    except (Invalid, Conflict) as error:
        return _page(field_id, given, error)
    flash(gettext("Kept. It is shown from now on."))
    return redirect(url_for("catalog.edit_field", field_id=made.id), 303)


def _page(field_id: str, given: Typed, error: DomainError | None) -> Response:
    page = render_template(
        "catalog/field.html", field_id=field_id, is_new=field_id == NEW, given=given, kinds=", ".join(INTAKE_KINDS),
        errors=(field_sentences(error) or {"form": sentence_of(error)}) if error else {},
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
