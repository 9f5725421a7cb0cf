"""Answers with citations, whole or as they are written, and a person."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flask import request, url_for
from flask_babel import gettext

from zhixun.features.api.forms import answers
from zhixun.features.api.forms.answers import AnswerTold
from zhixun.features.api.forms.asked import AnswerWanted, HandOverWanted
from zhixun.features.assistant import actions, queries, rules
from zhixun.features.assistant.queries import Prepared, Told
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id, utc_now
from zhixun.web import security
from zhixun.web.formats import reader_zone, say
from zhixun.web.languages import language
from zhixun.web.limits import few_at_once, limit

from . import shown
from .endpoint import public_write, writes

TAG = N_("Assistant")
QUESTIONS_PER_MINUTE = 20
UNKNOWN = N_("I don’t know. The articles here do not say enough about this, and I do not guess.")


def stream_answer(wanted: AnswerWanted) -> Iterator[str]:
    """`piece` events with a sentence and its citation, then one `answer` event with the whole."""
    known, talk_id = _prepared(wanted)

    def events() -> Iterator[str]:
        told = Told()
        for piece in queries.told(known, told):
            yield _event("piece", {"text": str(piece), "number": piece.number})
        yield _event("answer", _recorded(wanted, talk_id, known, told).model_dump(mode="json"))

    return events()


@public_write(
    "/assistant/answers",
    N_("Ask the assistant. It answers from the knowledge base with citations, or says that it does not know."),
    tag=TAG,
    asked=AnswerWanted,
    answer=AnswerTold,
    status=200,
    refusals=(NotFound, Conflict),
    stream=stream_answer,
)
def assistant_answer(wanted: AnswerWanted) -> AnswerTold:
    known, talk_id = _prepared(wanted)
    told = Told()
    for _ in queries.told(known, told):
        pass
    return _recorded(wanted, talk_id, known, told)


@writes(
    "/assistant/hand-overs",
    N_("Hand a conversation over to a person of the house. The answer comes into the conversation, with a notice."),
    tag=TAG,
    asked=HandOverWanted,
    answer=answers.HandOverAsked,
    status=201,
    refusals=(NotFound,),
)
def assistant_hand_over(uow: UnitOfWork, wanted: HandOverWanted) -> answers.HandOverAsked:
    made = actions.ask_person(uow, hand_over_id=new_id(), talk_id=wanted.conversation_id, note=wanted.note)
    return answers.HandOverAsked(id=made, conversation_id=wanted.conversation_id, state="waiting")


def _prepared(wanted: AnswerWanted) -> tuple[Prepared, str]:
    """Everything that may be refused is refused here, before a word is written."""
    actor = security.current_actor()
    asker = actor.user_id or request.remote_addr or ""
    limit("assistant", asker, tries=QUESTIONS_PER_MINUTE, seconds=60)
    few_at_once("assistant", asker, each=rules.ANSWERS_AT_ONCE, together=rules.ANSWERS_TOGETHER)
    question = rules.clean_question(wanted.question)
    talk_id = wanted.conversation_id or new_id()
    with security.read() as db:
        queries.talk(db, talk_id, actor)
        return queries.prepared(db, question=question, zone=reader_zone(), language=language(), now=utc_now()), talk_id


def _recorded(wanted: AnswerWanted, talk_id: str, known: Prepared, told: Told) -> AnswerTold:
    answered = known.kind == "answer" and bool(told.pieces)
    text = say(known.crisis) if known.crisis else told.text
    kind = known.kind if answered or known.crisis else "unknown"
    with security.work() as uow:
        actions.record_answer(
            uow, talk_id=talk_id, question_id=wanted.question_id or new_id(), question=known.question, kind=kind,
            text=text, citations=told.cited(known), confidence=known.confidence,
            consultant_ids=[one.card.id for one in known.suggestions],
        )  # fmt: skip
        waiting = queries.talk(uow.db, talk_id, uow.actor).waiting
    return AnswerTold(
        conversation_id=talk_id,
        answer=text if answered or known.crisis else gettext(UNKNOWN),
        citations=[
            answers.CitationShown.model_validate(
                {**cited, "url": url_for("assistant.article", article_id=cited["article_id"])}
            )
            for cited in told.cited(known)
        ],
        confidence=round(known.confidence, 3),
        answered=answered,
        hand_over=answers.HandOverOffered(offered=True, urgent=known.crisis is not None, waiting=waiting),
        consultants=[shown.recommended(one, reader_zone()) for one in known.suggestions],
    )


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
