"""A group session takes place: everybody comes by themselves, and all talk in one room."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.features.booking.groups.parts import (
    HOUR,
    NOW,
    START,
    group_of,
    money_of,
    paid,
    people,
    state,
)
from zhixun.features.booking import actions
from zhixun.features.booking.rules import State
from zhixun.features.messaging import actions as messaging
from zhixun.features.messaging import queries as talks
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id


def test_everybody_comes_by_themselves_and_each_seat_is_paid_out(grace):
    ada, bob = people(2)
    name = group_of(grace)
    ids = [paid(ada, name), paid(bob, name)]
    with unit_of_work(ada, now=START) as uow:
        actions.join_group(uow, group_id=name)
    with unit_of_work(grace.actor, now=START) as uow:
        actions.join_group(uow, group_id=name)
    assert [state(one) for one in ids] == [State.IN_PROGRESS, State.CONFIRMED]
    with unit_of_work(now=START + timedelta(minutes=16)) as uow:
        actions.pass_time(uow, booking_id=ids[1])
    with unit_of_work(grace.actor, now=START + HOUR / 2) as uow:
        actions.complete_group(uow, group_id=name)
    assert [state(one) for one in ids] == [State.COMPLETED, State.NO_SHOW]
    for one in ids:
        with unit_of_work(now=START + 60 * HOUR) as uow:
            actions.release_money(uow, booking_id=one)
    assert money_of(f"consultant:{grace.id}") == 2 * 10_560


def test_all_with_a_seat_and_the_consultant_talk_in_one_room_and_nobody_else_does(grace):
    ada, bob, carl = people(3)
    name = group_of(grace)
    paid(ada, name), paid(bob, name)
    for who in (ada, grace.actor):
        with unit_of_work(who, now=NOW) as uow:
            talk = messaging.open_for_group(uow, group_id=name)
            messaging.send_message(uow, conversation_id=talk, key=new_id(), text=f"Hello from {who.name}")
    with Session() as db:
        assert [one.text for one in talks.messages(db, talk, bob)] == ["Hello from Bob0", "Hello from Grace"]
        assert set(talks.conversation(db, talk, bob).people) == {ada.user_id, bob.user_id, grace.id}
        assert talk in talks.last_seqs(db, bob)
        assert talks.conversations_of(db, grace.actor) == []
        with pytest.raises(NotFound):
            talks.messages(db, talk, carl)
    for deed in (
        lambda uow: messaging.open_for_group(uow, group_id=name),
        lambda uow: messaging.send_message(uow, conversation_id=talk, key=new_id(), text="Hello"),
        lambda uow: messaging.mark_read(uow, conversation_id=talk, seq=1),
    ):
        with pytest.raises(NotFound), unit_of_work(carl, now=NOW) as uow:
            deed(uow)
    with pytest.raises(NotFound), unit_of_work(ada, now=NOW) as uow:
        messaging.block_other(uow, conversation_id=talk)
