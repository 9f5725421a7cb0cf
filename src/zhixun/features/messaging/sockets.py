"""What a browser may say live about conversations and session rooms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhixun.features.booking import actions as booking_actions
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, is_id, utc_now
from zhixun.web import live

from . import actions, queries, rules
from .queries import message_frame

Frame = Mapping[str, Any]


class RoomClosed(Conflict):
    code, message = "room_closed", N_("This session room is not open.")


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
    live.announce(people, message_frame(line))
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
    live.announce([talk.other_party(actor.user_id)], {"type": "typing", "conversation": talk.id, "user": actor.user_id})


def on_join(actor: Actor, frame: Frame) -> Frame:
    """`join {booking}`: come into the room; the session may begin by it. Answers with the booking's state."""
    with unit_of_work(actor) as uow:
        view = _own_booking(bookings.booking(uow.db, _id(frame, "booking"), actor, uow.now), actor)
        if view.state not in rules.ROOM_IS_OPEN:
            raise RoomClosed
        state = booking_actions.join_session(uow, booking_id=view.id)
    here = _presence(view, actor, here=True)
    live.announce([view.other_party(actor.user_id)], here)
    return {**here, "state": state}


def on_leave(actor: Actor, frame: Frame) -> None:
    """`leave {booking}`: go out of the room. The gateway says it for whoever just disappears."""
    with Session() as db:
        view = _own_booking(bookings.booking(db, _id(frame, "booking"), actor, utc_now()), actor)
    live.announce([view.client_id, view.consultant_id], _presence(view, actor, here=False))


def on_signal(actor: Actor, frame: Frame) -> None:
    """`signal {booking, data}`: hand call set-up data to the other, unread."""
    with Session() as db:
        view = _own_booking(bookings.booking(db, _id(frame, "booking"), actor, utc_now()), actor)
    if view.state not in rules.ROOM_IS_OPEN:
        raise RoomClosed
    said = {"type": "signal", "booking": view.id, "user": actor.user_id, "data": frame.get("data")}
    live.announce([view.other_party(actor.user_id)], said)


def _presence(view: BookingView, actor: Actor, *, here: bool) -> Frame:
    return {"type": "presence", "booking": view.id, "user": actor.user_id, "here": here}


def _own_booking(view: BookingView, actor: Actor) -> BookingView:
    """Operators may look at bookings, but a room is for the two people in it."""
    if actor.user_id not in (view.client_id, view.consultant_id):
        raise NotFound
    return view


def _id(frame: Frame, name: str) -> str:
    value = frame.get(name)
    if not is_id(value):
        raise NotFound
    return str(value)
