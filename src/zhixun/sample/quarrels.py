"""Three sessions that their clients dispute: one waits for its consultant, one for the house, one is ruled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from zhixun.features.disputes import actions as disputes
from zhixun.features.disputes import queries as dispute_queries
from zhixun.features.disputes.rules import ANSWER_WITHIN, EVIDENCE_FOR
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM, Money

from .cast import DESK, TODAYS_CLIENTS, Consulting, client_at
from .history import acting
from .plan import Fate, Quarrel, Story
from .words import id_of, talk_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPENED_AFTER = 6 * HOUR
AGO = {Quarrel.OPEN: 1.2 * DAY, Quarrel.TO_RULE: 9 * DAY, Quarrel.RULED: 24 * DAY}
ANSWERED_AGO = 4 * DAY
"""So long ago the consultant of TO_RULE answered: evidence is closed since a day, and the house has two more."""
ANSWERED_AFTER, RULED_AFTER = 2 * DAY, DAY


def quarrels(consultants: Sequence[Consulting], now: datetime) -> list[Story]:
    """Of today's clients, who have met none of these consultants before."""
    return [
        Story(
            booking_id=id_of("quarrel", quarrel.value),
            client=client_at(place),
            consultant=one,
            service_number=0,
            topic_id=one.profile.topic_ids[0],
            wanted=now - ago,
            lead=30 * HOUR,
            fate=Fate.COMPLETED,
            answers=None,
            among=1,
            quarrel=quarrel,
        )
        for place, one, (quarrel, ago) in zip(TODAYS_CLIENTS, consultants[1:], AGO.items(), strict=False)
    ]


def dispute_id_of(story: Story) -> str:
    return id_of("dispute", story.booking_id)


def argue(uow: UnitOfWork, story: Story, done_at: datetime, now: datetime) -> datetime | None:
    """As far as this story's dispute has come; when it was decided, if it was."""
    opened_at = done_at + OPENED_AFTER
    if story.quarrel is None or opened_at >= now:
        return None
    said: Mapping[str, Any] = talk_of("queues")["quarrels"][story.quarrel.value]
    dispute_id, words = dispute_id_of(story), said["words"][story.language]
    disputes.open_dispute(
        acting(uow, story.client, opened_at), dispute_id=dispute_id, booking_id=story.booking_id,
        reason=said["reason"], words=words,
    )  # fmt: skip
    if story.quarrel is Quarrel.OPEN:
        return None
    answered_at = _answered_at(story.quarrel, opened_at, now)
    disputes.answer_dispute(
        acting(uow, story.consultant.actor, answered_at), statement_id=id_of("answer", dispute_id),
        dispute_id=dispute_id, words=said["answer"][story.language], agrees=False,
    )  # fmt: skip
    closed_at = answered_at + EVIDENCE_FOR + HOUR
    if closed_at >= now:
        return None
    if "more" in said:
        disputes.add_statement(
            acting(uow, story.client, answered_at + DAY), statement_id=id_of("more", dispute_id), dispute_id=dispute_id,
            words=said["more"][story.language],
        )  # fmt: skip
    disputes.pass_time(acting(uow, SYSTEM, closed_at), dispute_id=dispute_id)
    if story.quarrel is Quarrel.TO_RULE:
        return None
    return _rule(uow, story, closed_at + RULED_AFTER, said["ruling"][story.language])


def _answered_at(quarrel: Quarrel, opened_at: datetime, now: datetime) -> datetime:
    soon, late = opened_at + ANSWERED_AFTER, opened_at + ANSWER_WITHIN - DAY
    return soon if quarrel is Quarrel.RULED else max(soon, min(late, now - ANSWERED_AGO))


def _rule(uow: UnitOfWork, story: Story, at: datetime, words: str) -> datetime:
    dispute_id, by = dispute_id_of(story), acting(uow, DESK, at)
    asked = dispute_queries.dispute(uow.db, dispute_id).asked
    disputes.rule_dispute(
        by, statement_id=id_of("ruling", dispute_id), dispute_id=dispute_id,
        back=Money(asked.amount_minor // 2, asked.currency), words=words,
    )  # fmt: skip
    return at
