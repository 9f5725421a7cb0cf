"""What people do, told in batches by browsers and programs."""

from __future__ import annotations

from flask import request

from zhixun.features.api.forms.answers import InteractionsTaken
from zhixun.features.api.forms.asked import InteractionsWanted, InteractionWanted
from zhixun.features.behaviour import actions, queries
from zhixun.features.behaviour.rules import BATCHES_PER_MINUTE, Interaction
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import FieldView
from zhixun.features.recommend.rules import crisis_of, labels_of
from zhixun.kernel.errors import N_, TooMany
from zhixun.web import security
from zhixun.web.limits import limit

from .endpoint import public_write

TAG = N_("Learning")


@public_write(
    "/interactions",
    N_(
        "Tell what the signed-in person looked at. Kept only with their consent, under a name that is nobody’s; "
        "the same id twice is kept once."
    ),
    tag=TAG,
    asked=InteractionsWanted,
    answer=InteractionsTaken,
    status=202,
    refusals=(TooMany,),
)
def take_interactions(wanted: InteractionsWanted) -> InteractionsTaken:
    actor = security.current_actor()
    limit("interactions", actor.user_id or request.remote_addr or "", tries=BATCHES_PER_MINUTE, seconds=60)
    with security.read() as db:
        agreed = queries.may_collect(db, actor.user_id)
        fields = catalog.fields(db) if agreed and any(one.text for one in wanted.events) else []
    if not agreed:
        return InteractionsTaken(received=len(wanted.events), kept=0)
    told = [_interaction(one, fields) for one in wanted.events]
    with security.work() as uow:
        kept = actions.state_interactions(uow, interactions=told, user_agent=request.user_agent.string)
    return InteractionsTaken(received=len(wanted.events), kept=kept)


def _interaction(one: InteractionWanted, fields: list[FieldView]) -> Interaction:
    """A text that speaks of danger is not kept: nobody should find their worst hour in a profile."""
    text = "" if one.text and crisis_of(one.text, fields) else one.text
    return Interaction(one.id, one.kind, one.subject, one.at, text=text, labels=labels_of(text, fields))
