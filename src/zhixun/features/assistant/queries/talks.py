from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import check_right
from zhixun.features.assistant import rules
from zhixun.features.assistant.models import HandOver, Talk, Turn
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantCard
from zhixun.kernel import sealed
from zhixun.kernel.errors import NotFound
from zhixun.kernel.sealed import Letter
from zhixun.kernel.values import Actor

RIGHT = "answer_complaints"
QUEUE_SHOWN = 100


@dataclass(frozen=True)
class TurnView:
    id: str
    kind: str
    text: str
    citations: tuple[Mapping[str, Any], ...]
    confidence: float
    cards: tuple[ConsultantCard, ...]
    at: datetime
    name: str = ""
    """Of the person of the house who answered."""


@dataclass(frozen=True)
class TalkView:
    id: str
    turns: tuple[TurnView, ...]
    waiting: bool
    """A person of the house was asked and has not answered yet."""


@dataclass(frozen=True)
class HandOverView:
    id: str
    talk_id: str
    person_id: str
    name: str
    note: str
    summary: Mapping[str, Any]
    state: str
    asked_at: datetime
    ended_at: datetime | None


def talk(db: Session, talk_id: str, actor: Actor) -> TalkView:
    """The latest turns of one's own conversation; an id nobody has used yet is an empty one. Raises NotFound."""
    row = db.get(Talk, talk_id)
    if row is None:
        return TalkView(talk_id, (), False)
    if row.owner_id not in ("", actor.user_id):
        raise NotFound
    waiting = db.scalar(select(HandOver.id).where(HandOver.talk_id == talk_id, HandOver.state == "waiting"))
    return TalkView(talk_id, _turns(db, talk_id, None), waiting is not None)


def hand_overs(db: Session, actor: Actor, *, state: str = "waiting") -> list[HandOverView]:
    """The desk's queue: who waits longest first, or the latest that ended. Those whose questions it shows can see that
    they were read. Raises RightNeeded."""
    check_right(actor, RIGHT)
    wanted = select(HandOver).where(HandOver.state == state).limit(QUEUE_SHOWN)
    order = HandOver.asked_at if state == "waiting" else HandOver.ended_at.desc()
    rows = list(db.scalars(wanted.order_by(order, HandOver.id)))
    return _hand_overs(db, rows, actor)


def hand_over(db: Session, hand_over_id: str, actor: Actor) -> tuple[HandOverView, tuple[TurnView, ...]]:
    """One hand-over with the whole conversation; its asker can see who has read it. Raises RightNeeded, NotFound."""
    check_right(actor, RIGHT)
    row = db.get(HandOver, hand_over_id)
    if row is None:
        raise NotFound
    return _hand_overs(db, [row], actor)[0], _turns(db, row.talk_id, actor)


def waiting_count(db: Session) -> int:
    """How many people wait for a person's answer."""
    return db.scalars(select(func.count()).select_from(HandOver).where(HandOver.state == "waiting")).one()


def _turns(db: Session, talk_id: str, reader: Actor | None) -> tuple[TurnView, ...]:
    latest = select(Turn).where(Turn.talk_id == talk_id).order_by(Turn.seq.desc()).limit(rules.TURNS_SHOWN)
    rows = list(db.scalars(latest))[::-1]
    cards = catalog.cards_of(db, [one for row in rows for one in row.consultant_ids])
    people = accounts.people(db, {row.by for row in rows if row.kind == "person"})
    letters = [Letter(row.id, row.person_id, row.text) for row in rows]
    texts = sealed.unseal_many(db, Turn.text, letters, reader=reader)
    return tuple(
        TurnView(
            row.id, row.kind, text, tuple(row.citations), row.confidence,
            tuple(cards[one] for one in row.consultant_ids if one in cards), row.at,
            people[row.by].name if row.by in people else "",
        )
        for row, text in zip(rows, texts, strict=True)
    )  # fmt: skip


def _hand_overs(db: Session, rows: Sequence[HandOver], reader: Actor) -> list[HandOverView]:
    people = accounts.people(db, {row.person_id for row in rows})
    notes = sealed.unseal_many(
        db, HandOver.note, [Letter(row.id, row.person_id, row.note) for row in rows], reader=reader
    )
    told = sealed.unseal_many(
        db, HandOver.summary, [Letter(row.id, row.person_id, row.summary) for row in rows], reader=reader
    )
    return [
        HandOverView(
            row.id, row.talk_id, row.person_id, people[row.person_id].name if row.person_id in people else "–", note,
            json.loads(summary) if summary else rules.summary_of([], [], []).as_dict(), row.state, row.asked_at,
            row.ended_at,
        )
        for row, note, summary in zip(rows, notes, told, strict=True)
    ]  # fmt: skip
