from __future__ import annotations

from dataclasses import asdict

from zhixun.events.webhooks import WebhookDue
from zhixun.kernel.event import Event
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, rules
from .ports import WebhookSender


def tell_programs(fact: Event) -> None:
    """Queue what has happened for whoever wants to hear it: its ids, numbers and words, nothing else."""
    data = {name: value for name, value in asdict(fact).items() if name != "event_id"}
    with unit_of_work() as uow:
        actions.tell(uow, kind=rules.kind_of(fact), fact_id=fact.event_id, data=data)


def send(fact: WebhookDue) -> None:
    """Try one delivery once; the clock tries it again."""
    with unit_of_work() as uow:
        parcel = actions.claim(uow, delivery_id=fact.delivery_id)
    if parcel is None:
        return
    outcome = service(WebhookSender).send(parcel)
    with unit_of_work() as uow:
        actions.note_outcome(uow, delivery_id=parcel.delivery_id, outcome=outcome)
