"""What a browser may say live about a session room and the call in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from zhixun.features.booking.queries import BookingView
from zhixun.kernel.errors import N_, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, is_id, utc_now
from zhixun.web import live

from . import actions, queries, rules
from .actions import RoomClosed

Frame = Mapping[str, Any]


def on_join(actor: Actor, frame: Frame) -> Frame:
    """`join {booking}`: come into the room; the session may begin by it. Answers with the booking's state. The gateway
    says it again with every sign of life."""
    with unit_of_work(actor) as uow:
        view = queries.own_booking(uow.db, _booking_id(frame), actor, uow.now)
        state = actions.come_in(uow, booking=view)
    here = _presence(view, actor, here=True)
    live.announce([view.other_party(actor.user_id)], here)
    return {**here, "state": state}


def on_leave(actor: Actor, frame: Frame) -> None:
    """`leave {booking}`: go out of the room. The gateway says it for whoever just disappears."""
    with unit_of_work(actor) as uow:
        view = queries.own_booking(uow.db, _booking_id(frame), actor, uow.now)
        actions.go_out(uow, booking=view)
    live.announce([view.client_id, view.consultant_id], _presence(view, actor, here=False))


def on_signal(actor: Actor, frame: Frame) -> None:
    """`signal {booking, data}`: hand call set-up data to the other, unread."""
    with Session() as db:
        view = queries.own_booking(db, _booking_id(frame), actor, utc_now())
    if view.state not in rules.CALL_IS_OPEN:
        raise RoomClosed
    data = frame.get("data")
    if len(json.dumps(data)) > rules.SIGNAL_LENGTH_MAX:
        raise Invalid(N_("A signal of a call has at most 32,000 characters."))
    said = {"type": "signal", "booking": view.id, "user": actor.user_id, "data": data}
    live.announce([view.other_party(actor.user_id)], said)


def _presence(view: BookingView, actor: Actor, *, here: bool) -> Frame:
    return {"type": "presence", "booking": view.id, "user": actor.user_id, "here": here}


def _booking_id(frame: Frame) -> str:
    value = frame.get("booking")
    if not is_id(value):
        raise NotFound
    return str(value)
