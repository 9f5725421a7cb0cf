"""What a browser may say live about conversations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhixun.features.catalog import queries as catalog
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, is_id
from zhixun.web import live

from . import actions, queries, rules
from .queries import message_frame

Frame = Mapping[str, Any]


def on_hello(actor: Actor, frame: Frame) -> Frame:
    """How far each conversation goes. Called by the gateway."""
    with Session() as db:
        return {"conversations": queries.last_seqs(db, actor)}


def on_catch_up(actor: Actor, frame: Frame) -> Frame:
    """What follows `after`, a page at a time. Called by the gateway."""
    with Session() as db:
        lines = queries.messages(db, _id(frame, "conversation"), actor, after_seq=frame["after"])
    return {"items": [message_frame(line) for line in lines], "more": len(lines) == rules.PAGE_LENGTH}


def on_send(actor: Actor, frame: Frame) -> Frame:
    """`send {conversation, client_id, text, reply_to?}`: the message for both; to who said it before, a receipt."""
    with unit_of_work(actor) as uow:
        line = actions.send_message(
            uow, conversation_id=_id(frame, "conversation"), key=frame.get("client_id", ""),
            text=frame.get("text", ""), reply_to=frame.get("reply_to"),
        )  # fmt: skip
        people = queries.conversation(uow.db, line.conversation_id, actor).people
        help_words = rules.help_for(line.text, catalog.bare_fields(uow.db))
    live.announce(people, message_frame(line))
    if help_words is not None:
        words = help_words.in_language(actor.language)
        live.announce([actor.user_id], {"type": "help", "conversation": line.conversation_id, "words": words})
    if line.at == uow.now:
        return message_frame(line)
    return {
        "type": "receipt", "conversation": line.conversation_id, "seq": line.seq, "id": line.id,
        "client_id": line.key, "user": actor.user_id,
    }  # fmt: skip


def on_read(actor: Actor, frame: Frame) -> None:
    """`read {conversation, seq}`: both see how far the reader is."""
    with unit_of_work(actor) as uow:
        conversation_id = _id(frame, "conversation")
        mark = actions.mark_read(uow, conversation_id=conversation_id, seq=frame.get("seq", -1))
        people = queries.conversation(uow.db, conversation_id, actor).people
    live.announce(people, {"type": "receipt", "conversation": conversation_id, "user": actor.user_id, "seq": mark})


def on_typing(actor: Actor, frame: Frame) -> None:
    """`typing {conversation}`: shown to the other for a few seconds."""
    with Session() as db:
        talk = queries.conversation(db, _id(frame, "conversation"), actor)
    live.announce(talk.others(actor.user_id), {"type": "typing", "conversation": talk.id, "user": actor.user_id})


def _id(frame: Frame, name: str) -> str:
    value = frame.get(name)
    if not is_id(value):
        raise NotFound
    return str(value)
