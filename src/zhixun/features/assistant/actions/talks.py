from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.assistant import HandOverAsked, HandOverEnded
from zhixun.features.accounts.rules import check_right
from zhixun.features.assistant import rules
from zhixun.features.assistant.models import HandOver, Talk, Turn
from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, Conflict, NotFound, SignInRequired
from zhixun.kernel.sealed import Letter
from zhixun.kernel.tables import any_of
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

RIGHT = "answer_complaints"
FORGOTTEN_AT_ONCE = 1_000


class AnsweredAlready(Conflict):
    code, message = "answered_already", N_("This was answered already, or has ended.")


def record_answer(
    uow: UnitOfWork,
    *,
    talk_id: str,
    question_id: str,
    question: str,
    kind: str,
    text: str,
    citations: Sequence[Mapping[str, Any]],
    confidence: float,
    consultant_ids: Sequence[str],
) -> None:
    """Keep a question and what the assistant said to it; the same `question_id` twice is kept once.

    Raises NotFound (another's conversation), Conflict (the id is of a question asked elsewhere).
    """
    talk = _own_talk(uow, talk_id)
    earlier = uow.db.scalar(select(Turn.talk_id).where(Turn.id == question_id))
    if earlier is not None:
        if earlier != talk_id:
            raise Conflict
        return
    _say(uow, talk, turn_id=question_id, kind="question", text=rules.clean_question(question), by=uow.actor.user_id)
    _say(
        uow, talk, turn_id=new_id(), kind=kind, text=text, by="assistant", citations=[dict(one) for one in citations],
        confidence=confidence, consultant_ids=list(consultant_ids),
    )  # fmt: skip


def claim_talk(uow: UnitOfWork, *, talk_id: str) -> None:
    """Whoever asked before signing in keeps their conversation. Does nothing to what is another's."""
    talk = uow.db.scalar(select(Talk).where(Talk.id == talk_id, Talk.owner_id == "").with_for_update())
    if talk is not None:
        _give(uow, talk)


def ask_person(uow: UnitOfWork, *, hand_over_id: str, talk_id: str, note: str = "") -> str:
    """Hand the conversation over to a person of the house, with a summary; returns the id of the open hand-over.

    Asked again while one waits, the note goes to that one. Raises SignInRequired, NotFound, Invalid.
    """
    if not uow.actor.user_id:
        raise SignInRequired(N_("Please sign in, so that the answer can reach you."))
    note = rules.clean_note(note)
    talk = _own_talk(uow, talk_id)
    waiting = uow.db.scalar(select(HandOver).where(HandOver.talk_id == talk_id, HandOver.state == "waiting"))
    if waiting is None and uow.db.get(HandOver, hand_over_id) is not None:
        raise Conflict
    before = _told_note(uow, waiting) if waiting is not None else ""
    if note and note not in before:
        _say(uow, talk, turn_id=new_id(), kind="note", text=note, by=uow.actor.user_id)
    if waiting is not None:
        _write_down(uow, waiting, f"{before}\n{note}".strip()[: 4 * rules.NOTE_LENGTH_MAX] if note else before)
        return waiting.id
    asked = HandOver(
        id=hand_over_id, talk_id=talk_id, person_id=uow.actor.user_id, state="waiting", asked_at=uow.now, ended_at=None,
        answered_by="",
    )  # fmt: skip
    _write_down(uow, asked, note)
    uow.db.add(asked)
    uow.emit(HandOverAsked(hand_over_id=hand_over_id, talk_id=talk_id, person_id=uow.actor.user_id))
    return hand_over_id


def answer_hand_over(uow: UnitOfWork, *, hand_over_id: str, text: str) -> None:
    """A person's answer, into the conversation. Raises RightNeeded, NotFound, Invalid, AnsweredAlready."""
    check_right(uow.actor, RIGHT)
    text = rules.check_answer(text)
    row = uow.db.get(HandOver, hand_over_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state != "waiting":
        raise AnsweredAlready
    talk = uow.db.get(Talk, row.talk_id, with_for_update=True)
    assert talk is not None, "a hand-over is of a conversation"
    _say(uow, talk, turn_id=new_id(), kind="person", text=text, by=uow.actor.user_id)
    row.answered_by = uow.actor.user_id
    _end(uow, row, "answered")


def lapse_hand_overs(uow: UnitOfWork) -> int:
    """End those that nobody answered in time; returns how many. Their people are told."""
    late = select(HandOver).where(HandOver.state == "waiting", HandOver.asked_at <= uow.now - rules.WAITS)
    rows = uow.db.scalars(late.with_for_update(skip_locked=True)).all()
    for row in rows:
        _end(uow, row, "lapsed")
    return len(rows)


def forget_unowned(uow: UnitOfWork) -> int:
    """Delete what was asked by who never signed in, a while after the last word; returns how many conversations. In
    batches, so that nobody waits for it long."""
    old = select(Talk.id).where(Talk.owner_id == "", Talk.last_at <= uow.now - rules.UNOWNED_KEPT)
    ids = list(uow.db.scalars(old.order_by(Talk.last_at).limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)))
    for table, column in ((Turn, Turn.talk_id), (Talk, Talk.id)):
        uow.db.execute(delete(table).where(column == any_of(ids)))
    return len(ids)


def _own_talk(uow: UnitOfWork, talk_id: str) -> Talk:
    """The conversation, begun if it is new, locked. Raises NotFound when it is another's."""
    uow.db.execute(
        insert(Talk)
        .values(id=talk_id, owner_id=uow.actor.user_id, turns=0, began_at=uow.now, last_at=uow.now)
        .on_conflict_do_nothing()
    )
    talk = uow.db.scalars(select(Talk).where(Talk.id == talk_id).with_for_update()).one()
    if talk.owner_id not in ("", uow.actor.user_id):
        raise NotFound
    if not talk.owner_id and uow.actor.user_id:
        _give(uow, talk)
    return talk


def _give(uow: UnitOfWork, talk: Talk) -> None:
    """What was said before its asker signed in becomes theirs, sealed with their key from now on."""
    talk.owner_id = uow.actor.user_id
    turns = uow.db.scalars(select(Turn).where(Turn.talk_id == talk.id)).all()
    letters = [Letter(one.id, one.person_id, one.text) for one in turns]
    for one, text in zip(turns, sealed.unseal_many(uow.db, Turn.text, letters, reader=None), strict=True):
        one.person_id = talk.owner_id
        one.text = sealed.seal(uow.db, Turn.text, row=one.id, person=one.person_id, text=text)
    uow.db.flush()


def _say(
    uow: UnitOfWork,
    talk: Talk,
    *,
    turn_id: str,
    kind: str,
    text: str,
    by: str,
    citations: list[dict[str, Any]] | None = None,
    confidence: float = 1.0,
    consultant_ids: list[str] | None = None,
) -> None:
    talk.turns += 1
    talk.last_at = uow.now
    whose = talk.owner_id or talk.id
    words = sealed.seal(uow.db, Turn.text, row=turn_id, person=whose, text=text)
    uow.db.add(
        Turn(
            id=turn_id, talk_id=talk.id, person_id=whose, seq=talk.turns, kind=kind, text=words, by=by, at=uow.now,
            citations=citations or [], confidence=confidence, consultant_ids=consultant_ids or [],
        )
    )  # fmt: skip
    uow.db.flush()


def _told_note(uow: UnitOfWork, row: HandOver) -> str:
    return sealed.unseal(uow.db, HandOver.note, row=row.id, person=row.person_id, sealed=row.note, reader=None)


def _write_down(uow: UnitOfWork, row: HandOver, note: str) -> None:
    """What the person who takes over reads: the asker's note, and a summary of the conversation as it is now."""
    turns = uow.db.scalars(select(Turn).where(Turn.talk_id == row.talk_id).order_by(Turn.seq)).all()
    asked = [Letter(one.id, one.person_id, one.text) for one in turns if one.kind == "question"]
    told = rules.summary_of(
        sealed.unseal_many(uow.db, Turn.text, asked, reader=None),
        [one.kind for one in turns],
        [str(cited["title"]) for one in turns for cited in one.citations],
    )
    told_json = json.dumps(told.as_dict(), ensure_ascii=False)
    row.note = sealed.seal(uow.db, HandOver.note, row=row.id, person=row.person_id, text=note)
    row.summary = sealed.seal(uow.db, HandOver.summary, row=row.id, person=row.person_id, text=told_json)


def _end(uow: UnitOfWork, row: HandOver, state: str) -> None:
    row.state, row.ended_at = state, uow.now
    uow.emit(
        HandOverEnded(
            hand_over_id=row.id, talk_id=row.talk_id, person_id=row.person_id, state=state, answered_by=row.answered_by
        )
    )
