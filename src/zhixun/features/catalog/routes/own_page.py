"""What a consultant says on their own page: for whom they work, on what, and in which languages."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.catalog import actions, forms, queries
from zhixun.features.catalog.forms import Typed
from zhixun.features.catalog.rules import photo as rules
from zhixun.features.catalog.rules.own import LANGUAGES
from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.pictures import PHOTO
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.values import new_id
from zhixun.web import limits
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
@limits.takes_body(rules.UPLOAD_BYTES_MAX)
def write_own_page() -> Response:
    given = forms.typed(request.form)
    topics, languages = request.form.getlist("topic"), request.form.getlist("language")
    try:
        _write(given, topics, languages)
    except Invalid as error:
        return _form(given, topics, languages, error)
    flash(gettext("Kept. Your page shows it now, and search finds you by it in a moment."))
    return redirect(url_for("catalog.own_page"), 303)


def _write(given: Typed, topics: list[str], languages: list[str]) -> None:
    """The words and the photo, or neither. Raises Invalid naming all that is wrong with both."""
    said, photo = None, None
    wrong: dict[str, str] = {}
    try:
        said = forms.own_words_of(given, topics=topics, languages=languages)
    except Invalid as error:
        wrong |= error.fields
    try:
        photo = _photo()
    except Invalid as error:
        wrong |= error.fields
    if said is None or wrong:
        if photo:
            wrong["photo"] = N_("The rest has to be mended first. Then please choose your photo again.")
        raise Invalid(fields=wrong)
    photo_id = _kept(photo) if photo else ""
    with work() as uow:
        actions.write_own_words(uow, said=said)
        if photo_id:
            actions.put_photo(uow, photo_id=photo_id)
        elif given["remove_photo"]:
            actions.remove_photo(uow)


def _photo() -> rules.Photo | None:
    """What was sent, checked. Raises Invalid, TooMany."""
    chosen = request.files.get("photo")
    if chosen is None or not chosen.filename:
        return None
    limits.limit("send_photo", current_actor().user_id, tries=rules.UPLOADS_MAX, seconds=rules.UPLOADS_SECONDS)
    return rules.checked(chosen.read())


def _kept(photo: rules.Photo) -> str:
    """Its sizes first, sealed, then the page that shows them: nobody is shown a photo that is not there."""
    photo_id = new_id()
    with work() as uow:
        sizes = actions.seal_photo(uow, photo_id=photo_id, photo=photo)
    for name, data in sizes:
        service(BlobStore).put(name, data)
    return photo_id


def _form(given: Typed, topics: list[str] | tuple[str, ...], languages: list[str] | tuple[str, ...],
          error: Invalid | None) -> Response:  # fmt: skip
    with read() as db:
        page = queries.consultant(db, current_actor().user_id)
        field = queries.field(db, page.card.field_id)
    answer = render_template(
        "catalog/own_page.html", given=given, page=page, field=field, topics=topics, chosen=languages,
        languages=LANGUAGES, errors=field_sentences(error) if error else {},
        has_photo=page.card.portrait.startswith(PHOTO),
    )  # fmt: skip
    return make_response(answer, error.status if error else 200)
