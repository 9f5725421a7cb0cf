"""What the desk finds of its clients: complaints and suggestions in every state, notes, tags; and whether it helped."""

from __future__ import annotations

from datetime import datetime, timedelta

from zhixun.features.accounts import queries as accounts
from zhixun.features.crm import actions as crm
from zhixun.features.crm import queries as crm_queries
from zhixun.features.crm.rules import CHECK_AFTER
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM

from .cast import DESK, client_at
from .history import acting, history
from .plan import Story
from .words import id_of, talk_of

HOUR = timedelta(hours=1)
ANSWERS_SHARE = 0.6


def look_back(uow: UnitOfWork, story: Story, done_at: datetime, now: datetime) -> None:
    """Two weeks later many clients say whether it helped."""
    random, asked_at = story.dice("helped"), done_at + CHECK_AFTER + HOUR
    if asked_at >= now:
        return
    crm.ask_whether_it_helped(acting(uow, DESK, asked_at), booking_id=story.booking_id)
    answered_at = asked_at + random.uniform(1, 40) * HOUR
    if answered_at < now and random.random() < ANSWERS_SHARE:
        good = story.consultant.profile.level
        helped = random.choices(("yes", "partly", "no"), (good - 2, 1.1, max(0.15, 4.8 - good)))[0]
        crm.say_whether_it_helped(acting(uow, story.client, answered_at), booking_id=story.booking_id, helped=helped)


def add_matters(now: datetime) -> None:
    """A few complaints and suggestions, some of them answered, some late; each once."""
    for number, one in enumerate(talk_of("matters")["matters"]):
        client = client_at(3 + number)
        with history(now) as uow:
            if client.user_id not in accounts.people(uow.db, [client.user_id]):
                return
            at, matter_id = now - one["hours_ago"] * HOUR, id_of("matter", number)
            text = one["text"][client.language]
            crm.file_matter(acting(uow, client, at), matter_id=matter_id, kind=one["kind"], text=text)
            if one["answer"] and not _is_answered(uow, matter_id):
                answer = one["answer"][client.language]
                crm.answer_matter(acting(uow, DESK, at + 9 * HOUR), matter_id=matter_id, answer=answer)
            if one["note"]:
                by = acting(uow, DESK, at + HOUR)
                crm.write_note(by, note_id=id_of("note", number), client_id=client.user_id, text=one["note"])
                crm.add_tag(by, client_id=client.user_id, tag=one["tag"])


def _is_answered(uow: UnitOfWork, matter_id: str) -> bool:
    return crm_queries.matter(uow.db, matter_id, SYSTEM).line.answered_at is not None
