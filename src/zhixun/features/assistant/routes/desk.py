"""The desk: the knowledge the assistant answers from, and the people who asked for a person."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.accounts.rules import check_right
from zhixun.features.assistant import actions, forms, queries, rules
from zhixun.features.assistant.forms import Written
from zhixun.features.assistant.rules import ArticleState
from zhixun.features.catalog import queries as catalog
from zhixun.kernel.errors import Conflict, DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.security import current_actor, read, require, work

from . import bp
from .reading import ID_LENGTH_MAX

KNOWLEDGE, HAND_OVERS = "edit_knowledge", "answer_complaints"


@bp.get("/ops/knowledge")
@require("operator")
def knowledge() -> str:
    check_right(current_actor(), KNOWLEDGE)
    state, language = request.args.get("state", ""), request.args.get("language", "")
    state = state if state in {*ArticleState} else ""
    with read() as db:
        found = queries.articles(db, state=state, language=language if language in ("zh", "en") else "")
        fields = {one.id: one.name for one in catalog.fields(db)}
    return render_template(
        "assistant/knowledge.html", articles=found, fields=fields, state=state, language_shown=language,
        new_id=new_id(),
    )  # fmt: skip


@bp.get("/ops/knowledge/<article_id>")
@require("operator")
def edit(article_id: str) -> Response:
    check_right(current_actor(), KNOWLEDGE)
    _check_id(article_id)
    with read() as db:
        try:
            found = queries.article(db, article_id)
        except NotFound:
            if not is_id(article_id):
                raise
            return _editor(article_id, Written(language="zh"), None)
    return _editor(article_id, forms.written_of(found), None)


@bp.post("/ops/knowledge/<article_id>")
@require("operator")
def write(article_id: str) -> Response:
    """Look at it first (`deed` preview), keep it, or keep it and let the assistant quote it (`deed` publish)."""
    check_right(current_actor(), KNOWLEDGE)
    _check_id(article_id)
    written, deed = forms.read_written(request.form), request.form.get("deed", "save")
    try:
        if deed == "preview":
            rules.check_article(
                language=written.language, kind=written.kind, title=written.title, body=written.body,
                topic_ids=list(written.topic_ids),
            )  # fmt: skip
            return _editor(article_id, written, None, preview=True)
        with work() as uow:
            actions.write_article(
                uow, article_id=article_id, seen_revision=written.seen_revision, language=written.language,
                kind=written.kind, field_id=written.field_id, topic_ids=written.topic_ids, title=written.title,
                body=written.body,
            )  # fmt: skip
            uow.db.flush()
            if deed == "publish":
                actions.publish_article(uow, article_id=article_id)
    except (Invalid, Conflict) as error:
        return _editor(article_id, written, error)
    flash(gettext("Published. The assistant may quote it within seconds.") if deed == "publish" else gettext("Kept."))
    return redirect(url_for("assistant.edit", article_id=article_id), 303)


@bp.post("/ops/knowledge/<article_id>/withdrawal")
@require("operator")
def take_back(article_id: str) -> Response:
    _check_id(article_id)
    with work() as uow:
        actions.take_back_article(uow, article_id=article_id)
    flash(gettext("Taken back. The assistant quotes it no longer."))
    return redirect(url_for("assistant.edit", article_id=article_id), 303)


@bp.get("/ops/handovers")
@require("operator")
def hand_overs() -> str:
    state = request.args.get("state", "waiting")
    state = state if state in ("waiting", "answered", "lapsed") else "waiting"
    with read() as db:
        found = queries.hand_overs(db, current_actor(), state=state)
    return render_template("assistant/hand_overs.html", lines=found, state=state)


@bp.get("/ops/handovers/<hand_over_id>")
@require("operator")
def desk_hand_over(hand_over_id: str) -> Response:
    return _hand_over(hand_over_id, "", None)


@bp.post("/ops/handovers/<hand_over_id>")
@require("operator")
def answer(hand_over_id: str) -> Response:
    text = request.form.get("answer", "")
    if not is_id(hand_over_id):
        raise NotFound
    try:
        with work() as uow:
            actions.answer_hand_over(uow, hand_over_id=hand_over_id, text=text)
    except (Invalid, actions.AnsweredAlready) as error:
        return _hand_over(hand_over_id, text, error)
    flash(gettext("Sent. The person is told by a notice."))
    return redirect(url_for("assistant.hand_overs"), 303)


def _hand_over(hand_over_id: str, text: str, error: DomainError | None) -> Response:
    if not is_id(hand_over_id):
        raise NotFound
    with read() as db:
        found, turns = queries.hand_over(db, hand_over_id, current_actor())
    page = render_template(
        "assistant/hand_over.html", one=found, turns=turns, text=text, errors=_sentences(error),
        answer_length_max=rules.ANSWER_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _editor(article_id: str, written: Written, error: DomainError | None, *, preview: bool = False) -> Response:
    with read() as db:
        fields = catalog.fields(db)
        history = queries.revisions(db, article_id)
        state = queries.article(db, article_id).state.value if history else ""
    page = render_template(
        "assistant/edit.html", article_id=article_id, written=written, fields=fields, history=history, state=state,
        errors=_sentences(error), kinds=rules.KINDS, parts=rules.passages(written.body) if preview else [],
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _sentences(error: DomainError | None) -> dict[str, str]:
    if error is None:
        return {}
    return field_sentences(error) or {"form": sentence_of(error)}


def _check_id(article_id: str) -> None:
    if not article_id or len(article_id) > ID_LENGTH_MAX or "\x00" in article_id:
        raise NotFound
