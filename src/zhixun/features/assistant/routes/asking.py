"""The conversation: a question, its answer with citations, and a person at any time."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.assistant import actions, queries, rules
from zhixun.features.assistant.queries import TalkView, Told
from zhixun.kernel.errors import DomainError, Invalid, NotFound, SignInRequired
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web.errors import field_sentences
from zhixun.web.formats import reader_zone, say
from zhixun.web.languages import language
from zhixun.web.limits import few_at_once, limit
from zhixun.web.security import current_actor, read, require, work

from . import bp

HELD_AS = "assistant"
"""The name under which a browser's session holds the conversation that is open."""
QUESTIONS_PER_MINUTE = 20


@bp.get("/assistant")
def ask() -> Response:
    return _page(_open_talk())


@bp.get("/assistant/<talk_id>")
@require()
def conversation(talk_id: str) -> Response:
    """A conversation by its address, from a notice: it becomes the one that is open."""
    if not is_id(talk_id):
        raise NotFound
    with read() as db:
        found = queries.talk(db, talk_id, current_actor())
    if not found.turns:
        raise NotFound
    session[HELD_AS] = talk_id
    return redirect(url_for("assistant.ask") + "#last", 303)


@bp.post("/assistant")
def ask_now() -> Response:
    """Without a script: the whole answer at once, then the page again."""
    talk_id = _open_talk()
    question, given = request.form.get("question", ""), request.form.get("question_id", "")
    asker = current_actor().user_id or request.remote_addr or ""
    limit("assistant", asker, tries=QUESTIONS_PER_MINUTE, seconds=60)
    few_at_once("assistant", asker, each=rules.ANSWERS_AT_ONCE, together=rules.ANSWERS_TOGETHER)
    try:
        clean = rules.clean_question(question)
        with read() as db:
            known = queries.prepared(db, question=clean, zone=reader_zone(), language=language(), now=utc_now())
        told = Told()
        for _ in queries.told(known, told):
            pass
        with work() as uow:
            actions.record_answer(
                uow, talk_id=talk_id, question_id=given if is_id(given) else new_id(), question=clean,
                kind=known.kind if told.pieces or known.kind != "answer" else "unknown",
                text=say(known.crisis) if known.crisis else told.text, citations=told.cited(known),
                confidence=known.confidence, consultant_ids=[one.card.id for one in known.suggestions],
            )  # fmt: skip
    except Invalid as error:
        return _page(talk_id, question=question, error=error)
    return redirect(url_for("assistant.ask") + "#last", 303)


@bp.post("/assistant/hand-over")
def hand_over() -> Response:
    """A person, please. Whoever has not signed in does so first and finds the conversation again."""
    talk_id = _open_talk()
    if not current_actor().user_id:
        raise SignInRequired
    try:
        with work() as uow:
            actions.ask_person(uow, hand_over_id=new_id(), talk_id=talk_id, note=request.form.get("note", ""))
    except Invalid as error:
        return _page(talk_id, note=request.form.get("note", ""), error=error)
    flash(gettext("A person of the house will answer here, and a notice will tell you."))
    return redirect(url_for("assistant.ask") + "#last", 303)


@bp.post("/assistant/new")
def begin_anew() -> Response:
    session.pop(HELD_AS, None)
    return redirect(url_for("assistant.ask"), 303)


def _open_talk() -> str:
    """The conversation this browser holds, or a new one; someone else's (another signed in here) is let go."""
    held = str(session.get(HELD_AS, ""))
    if is_id(held):
        try:
            with read() as db:
                queries.talk(db, held, current_actor())
            return held
        except NotFound:
            pass
    session[HELD_AS] = new_id()
    return str(session[HELD_AS])


def _page(talk_id: str, *, question: str = "", note: str = "", error: DomainError | None = None) -> Response:
    with read() as db:
        found: TalkView = queries.talk(db, talk_id, current_actor())
    page = render_template(
        "assistant/ask.html", talk=found, question=question, note=note, question_id=new_id(),
        errors=field_sentences(error) if error else {}, question_length_max=rules.QUESTION_LENGTH_MAX,
        note_length_max=rules.NOTE_LENGTH_MAX, sure_from=rules.ANSWERED_FROM,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
