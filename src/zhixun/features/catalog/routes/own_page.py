"""What a consultant says on their own page: for whom they work, on what, and in which languages."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.catalog import actions, forms, queries
from zhixun.features.catalog.forms import Typed
from zhixun.features.catalog.rules.own import LANGUAGES
from zhixun.kernel.errors import Invalid
from zhixun.web.errors import field_sentences
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.get("/pro/page")
@require("consultant")
def own_page() -> Response:
    with read() as db:
        page = queries.consultant(db, current_actor().user_id)
    return _form(forms.own_typed_of(page), page.card.topic_ids, page.card.languages, None)


@bp.post("/pro/page")
@require("consultant")
def write_own_page() -> Response:
    given = forms.typed(request.form)
    topics, languages = request.form.getlist("topic"), request.form.getlist("language")
    try:
        said = forms.own_words_of(given, topics=topics, languages=languages)
        with work() as uow:
            actions.write_own_words(uow, said=said)
    except Invalid as error:
        return _form(given, topics, languages, error)
    flash(gettext("Kept. Your page shows it now, and search finds you by it in a moment."))
    return redirect(url_for("catalog.own_page"), 303)


def _form(given: Typed, topics: list[str] | tuple[str, ...], languages: list[str] | tuple[str, ...],
          error: Invalid | None) -> Response:  # fmt: skip
    with read() as db:
        page = queries.consultant(db, current_actor().user_id)
        field = queries.field(db, page.card.field_id)
    answer = render_template(
        "catalog/own_page.html", given=given, page=page, field=field, topics=topics, chosen=languages,
        languages=LANGUAGES, errors=field_sentences(error) if error else {},
    )  # fmt: skip
    return make_response(answer, error.status if error else 200)
