"""What the doors of messaging promise: who may talk, numbers without gaps, sent twice is sent once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import make
from tests.make import NOW
from tests.visitor import house
from zhixun.events.booking import BookingConfirmed
from zhixun.features.messaging import actions, handlers, queries, rules
from zhixun.features.messaging.actions import NotYetTalking
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

Pair = tuple[Actor, Actor, str]


@pytest.fixture
def pair(db_url: str) -> Pair:
    """Ada, Grace and their conversation."""
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        return ada, grace.actor, actions.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)


def say(who: Actor, conversation_id: str, text: str = "hello", key: str = "", **more: str) -> queries.MessageLine:
    with unit_of_work(who) as uow:
        return actions.send_message(uow, conversation_id=conversation_id, key=key or new_id(), text=text, **more)


def stored(conversation_id: str, who: Actor) -> list[queries.MessageLine]:
    with Session() as db:
        return queries.messages(db, conversation_id, who, limit=100_000)


def test_a_pair_has_one_conversation_however_often_it_is_opened(pair: Pair) -> None:
    ada, grace, conversation_id = pair
    with unit_of_work() as uow:
        again = actions.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.user_id)
    assert again == conversation_id == rules.conversation_id_of(ada.user_id, grace.user_id)
    assert rules.conversation_id_of(grace.user_id, ada.user_id) != conversation_id


def test_messages_are_numbered_from_one_and_come_back_in_order(pair: Pair) -> None:
    ada, grace, conversation_id = pair
    for number in range(5):
        say(ada if number % 2 else grace, conversation_id, str(number))
    lines = stored(conversation_id, ada)
    assert [(line.seq, line.text) for line in lines] == [(n + 1, str(n)) for n in range(5)]
    with Session() as db:
        assert [m.seq for m in queries.messages(db, conversation_id, grace, after_seq=2, limit=2)] == [3, 4]


def test_the_same_key_says_it_once_but_two_people_may_choose_the_same(pair: Pair) -> None:
    ada, grace, conversation_id = pair
    first, again, other = (
        say(who, conversation_id, key="k1", text=text) for who, text in ((ada, "a"), (ada, "b"), (grace, "c"))
    )
    assert first == again
    assert other.seq == 2
    assert [line.text for line in stored(conversation_id, ada)] == ["a", "c"]


def test_twenty_threads_leave_no_gap_and_no_double(pair: Pair) -> None:
    ada, grace, conversation_id = pair
    keys = [f"k{number}" for number in range(100)]
    broken: list[BaseException] = []

    def talk(number: int) -> None:
        try:
            for key in keys[number % 10 * 10 :][:10]:  # two threads say each key
                say(ada, conversation_id, key=key)
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stored(conversation_id, grace)
    assert not broken
    assert [line.seq for line in lines] == list(range(1, 101))
    assert sorted(line.key for line in lines) == sorted(keys)


def test_text_loses_only_what_nobody_can_read(pair: Pair) -> None:
    ada, _, conversation_id = pair
    assert say(ada, conversation_id, "  a\x00b\r\nc \ud800 🙂 \n").text == "ab\nc  🙂"


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "\x07\x1b", "x" * 4_001, None, 5])
def test_empty_and_huge_messages_are_refused(pair: Pair, text: str) -> None:
    ada, _, conversation_id = pair
    with pytest.raises(Invalid):
        say(ada, conversation_id, text)
    assert stored(conversation_id, ada) == []


def test_four_thousand_characters_are_still_a_message(pair: Pair) -> None:
    ada, _, conversation_id = pair
    assert len(say(ada, conversation_id, "字" * 4_000).text) == 4_000


def test_an_answer_names_a_message_of_the_same_conversation(pair: Pair) -> None:
    ada, grace, conversation_id = pair
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
        elsewhere = actions.open_conversation(uow, client_id=bob.user_id, consultant_id=grace.user_id)
    question, foreign = say(ada, conversation_id), say(bob, elsewhere)
    assert say(grace, conversation_id, reply_to=question.id).reply_to == question.id
    for wrong in (foreign.id, new_id(), "", "nonsense"):
        with pytest.raises(Invalid):
            say(grace, conversation_id, reply_to=wrong)


def test_nobody_else_reads_along_whatever_their_role(pair: Pair) -> None:
    _, _, conversation_id = pair
    with unit_of_work(now=NOW) as uow:
        strangers = [make.client(uow, "Bob"), make.operator(uow), SYSTEM, Actor("")]
    for stranger in strangers:
        with pytest.raises(NotFound):
            say(stranger, conversation_id)
        with pytest.raises(NotFound):
            stored(conversation_id, stranger)
        with pytest.raises(NotFound), unit_of_work(stranger) as uow:
            actions.mark_read(uow, conversation_id=conversation_id, seq=1)
        with Session() as db:
            assert queries.conversations_of(db, stranger) == []
            assert queries.last_seqs(db, stranger) == {}


def test_unread_counts_what_the_other_said_since(pair: Pair) -> None:
    ada, grace, conversation_id = pair
    for _ in range(3):
        say(ada, conversation_id)
    say(grace, conversation_id, "the last")

    def unread(who: Actor) -> int:
        with Session() as db:
            (line,) = queries.conversations_of(db, who)
            assert (line.last_seq, line.last_text) == (4, "the last")
            assert queries.unread_total(db, who) == line.unread
            return line.unread

    assert (unread(ada), unread(grace)) == (1, 3)
    with unit_of_work(grace) as uow:
        assert actions.mark_read(uow, conversation_id=conversation_id, seq=2) == 2
        assert actions.mark_read(uow, conversation_id=conversation_id, seq=1) == 2
    assert (unread(ada), unread(grace)) == (1, 1)
    with unit_of_work(grace) as uow:
        assert actions.mark_read(uow, conversation_id=conversation_id, seq=2**31 - 1) == 4
    assert unread(grace) == 0
    for wrong in (-1, 2**31, True, "1", None):
        with pytest.raises(Invalid), unit_of_work(ada) as uow:
            actions.mark_read(uow, conversation_id=conversation_id, seq=wrong)  # type: ignore[arg-type]


def test_a_confirmed_booking_opens_the_conversation_and_a_held_one_does_not(
    db_url: str, tmp_path: Path, deliver_all: Callable[[], None]
) -> None:
    house(db_url, tmp_path)
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
    with pytest.raises(NotYetTalking), unit_of_work(now=NOW) as uow:
        actions.open_for_booking(uow, booking_id=booking_id)
    with Session() as db:
        assert queries.conversations_of(db, ada) == []
    with unit_of_work(now=NOW) as uow:
        make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=2))
    deliver_all()
    with Session() as db:
        assert [line.consultant_id for line in queries.conversations_of(db, ada)] == [grace.id]


def test_the_fact_of_a_confirmed_booking_may_come_twice(db_url: str, tmp_path: Path) -> None:
    house(db_url, tmp_path)
    ada, grace = make.pair()
    fact = BookingConfirmed(booking_id=new_id(), client_id=ada.user_id, consultant_id=grace.id)
    handlers.open_when_confirmed(fact)
    say(ada, rules.conversation_id_of(ada.user_id, grace.id))
    handlers.open_when_confirmed(fact)
    with Session() as db:
        assert [line.last_seq for line in queries.conversations_of(db, grace.actor)] == [1]
