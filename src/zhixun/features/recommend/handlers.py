"""Suggestions follow the profile; they go with the consent."""

from __future__ import annotations

from zhixun.events.privacy import ConsentWithdrawn
from zhixun.events.profiles import ProfileChanged
from zhixun.features.accounts import queries as accounts
from zhixun.features.behaviour.rules import PURPOSE
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import actions, queries


def suggest_anew(event: ProfileChanged) -> None:
    with Session() as db:
        person = accounts.people(db, [event.user_id]).get(event.user_id)
        items = queries.ranked_for(db, event.user_id, zone=person.zone, now=utc_now()) if person else []
    with unit_of_work() as uow:
        actions.keep_suggestions(uow, user_id=event.user_id, items=[one.as_row() for one in items])


def forget_withdrawn(event: ConsentWithdrawn) -> None:
    if event.purpose == PURPOSE:
        with unit_of_work() as uow:
            actions.forget_person(uow, user_id=event.user_id)
