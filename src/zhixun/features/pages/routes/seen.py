"""What someone asks for is noted after the page has gone out, for those who agreed to it; the page waits for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import after_this_request, request
from werkzeug.wrappers import Response

from zhixun.features.behaviour import actions as behaviour
from zhixun.features.behaviour.rules import Interaction
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, utc_now
from zhixun.web.security import current_actor


def note(kind: str, text: str, understood: Sequence[tuple[str, str]]) -> None:
    """State a search or a question of whoever is signed in; `understood`: (kind, id) of its field and topics."""
    actor = current_actor()
    if not actor.user_id or not text.strip():
        return
    labels = tuple(f"{name}={value}" for name, value in understood if value)
    said = Interaction(new_id(), kind, "house", utc_now(), source="server", text=text, labels=labels)
    later = partial(_state, actor, said, request.user_agent.string)

    @after_this_request
    def when_sent(response: Response) -> Response:
        response.call_on_close(later)
        return response


def _state(actor: Actor, said: Interaction, user_agent: str) -> None:
    with unit_of_work(actor) as uow:
        behaviour.state_interactions(uow, interactions=[said], user_agent=user_agent)
