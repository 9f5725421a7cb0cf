"""A profile follows what its person does, within a second."""

from __future__ import annotations

from zhixun.events.behaviour import InteractionsRecorded
from zhixun.events.privacy import ConsentWithdrawn
from zhixun.features.accounts import queries as accounts
from zhixun.features.behaviour import queries as behaviour
from zhixun.features.behaviour.rules import PURPOSE
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries, rules


def update_profile(event: InteractionsRecorded) -> None:
    build_one(event.user_id)


def forget_withdrawn(event: ConsentWithdrawn) -> None:
    """The profile goes with the consent it was made under; one made after a new yes is made anew at the next deed."""
    if event.purpose == PURPOSE:
        with unit_of_work() as uow:
            actions.forget_person(uow, user_id=event.user_id)


def build_one(user_id: str) -> None:
    """Work a person's profile out anew from the log; who does not agree has none."""
    with Session() as db:
        if not behaviour.may_collect(db, user_id):
            return
        done = behaviour.interactions_of(db, user_id)
        labels = queries.labels_of_consultants(db, {one.consultant_id for one in done if one.consultant_id})
        known = queries.model(db)
        person = accounts.people(db, [user_id]).get(user_id)
    if person is None or not done:
        return
    with unit_of_work() as uow:
        interest = rules.interest_of(done, labels, known.idf, uow.now)
        actions.keep_profile(
            uow, user_id=user_id, interest=interest, habits=rules.habits_of(done, person.zone),
            segment=rules.nearest(interest.vector, known.segments),
        )  # fmt: skip
