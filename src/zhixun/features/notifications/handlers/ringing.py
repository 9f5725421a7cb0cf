"""Instant questions: a notice alone, for the answer is needed within minutes."""

from __future__ import annotations

from zhixun.events.instant import CallEnded, CallRang
from zhixun.features.accounts import queries as accounts
from zhixun.features.notifications import actions
from zhixun.kernel.unit_of_work import unit_of_work

from . import notice_id_of


def tell_consultant_it_rings(event: CallRang) -> None:
    with unit_of_work() as uow:
        people = accounts.people(uow.db, [event.client_id, event.consultant_id])
        if event.consultant_id in people:
            client = people.get(event.client_id)
            actions.tell(
                uow, notice_id=notice_id_of(event, "call_rings", event.consultant_id), user_id=event.consultant_id,
                kind="call_rings", subject_id=event.call_id, values={"other": client.name if client else ""},
            )  # fmt: skip


def tell_client_nobody_answered(event: CallEnded) -> None:
    if event.state != "unanswered":
        return
    with unit_of_work() as uow:
        if event.client_id in accounts.people(uow.db, [event.client_id]):
            actions.tell(
                uow, notice_id=notice_id_of(event, "call_unanswered", event.client_id), user_id=event.client_id,
                kind="call_unanswered", subject_id=event.call_id, values={},
            )  # fmt: skip
