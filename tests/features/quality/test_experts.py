"""Two experts read a session blind: who may, who may not, and what comes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import make
from zhixun.features.catalog import actions as catalog_actions
from zhixun.features.catalog import queries as catalog
from zhixun.features.messaging import actions as messaging
from zhixun.features.privacy import actions as privacy
from zhixun.features.quality import actions, jobs, queries, rules
from zhixun.features.quality.actions import NoSeat, ReviewersOnly, SeatLost, TooManySeats
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

NOW = make.NOW
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Read:
    ada: Actor
    grace: make.ConsultantMade
    experts: tuple[Actor, ...]
    case_id: str
    done: datetime


@pytest.fixture
def read(db_url: str) -> Read:
    """Ada's session with Grace in one of the house's own fields, with the experts; nobody has taken it."""
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        catalog_actions.put_house_fields(uow)
        experts = tuple(make.person(uow, name, roles=("reviewer",)) for name in ("Rita", "Rosa", "Ruth", "Rhea"))
        privacy.give_consent(uow, user_id=ada.user_id, purpose="expert_review")
        start = make.slot(uow, grace)
        booking_id = make.completed_booking(uow, client=ada, consultant=grace, start=start)
        talk = messaging.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
        for who, said in ((ada, "您好 Grace，我是 Ada，电话 13812345678。"), (grace.actor, "Hello Ada.")):
            messaging.send_message(make.acting(uow, who, now=start), conversation_id=talk, key=new_id(), text=said)
    done = start + timedelta(hours=1)
    with unit_of_work(now=done) as uow:
        assert actions.open_case(uow, booking_id=booking_id)
        assert not actions.open_case(uow, booking_id=booking_id), "twice is once"
    return Read(ada, grace, experts, booking_id, done)


def take(who: Actor, case_id: str, at: datetime) -> str:
    with unit_of_work(who, now=at) as uow:
        return actions.take_seat(uow, review_id=new_id(), case_id=case_id)


def give(who: Actor, case_id: str, at: datetime, mark: int, learn: str = "Say what it costs.") -> float:
    take(who, case_id, at)
    with unit_of_work(who, now=at) as uow:
        rubric = catalog.rubric_of(uow.db, "career")
        return actions.hand_in(uow, case_id=case_id, marks={line.name: mark for line in rubric}, good="", learn=learn)


def expert_quality(who: str) -> rules.Estimate | None:
    with Session() as db:
        return queries.expert_quality_of(db, [who]).get(who)


def test_two_experts_read_it_and_their_mean_counts_once_both_are_in(read: Read) -> None:
    assert give(read.experts[0], read.case_id, read.done, 4) == 4
    assert expert_quality(read.grace.id) is None, "one alone would be known to the other"
    assert give(read.experts[1], read.case_id, read.done, 3) == 3
    found = expert_quality(read.grace.id)
    assert found
    assert (found.mean, found.count) == (3.5, 2)
    with pytest.raises(NotFound):
        take(read.experts[2], read.case_id, read.done)


def test_two_far_apart_call_a_third(read: Read) -> None:
    give(read.experts[0], read.case_id, read.done, 5)
    take(read.experts[1], read.case_id, read.done)
    with pytest.raises(NoSeat):
        take(read.experts[2], read.case_id, read.done)
    give(read.experts[1], read.case_id, read.done, 3)
    assert expert_quality(read.grace.id) is None
    give(read.experts[2], read.case_id, read.done, 4)
    found = expert_quality(read.grace.id)
    assert found
    assert (found.mean, found.count) == (4.0, 3)
    with pytest.raises(NotFound):
        take(read.experts[3], read.case_id, read.done)


def test_an_expert_hands_in_once(read: Read) -> None:
    give(read.experts[0], read.case_id, read.done, 5)
    with unit_of_work(read.experts[0], now=read.done) as uow:
        assert actions.hand_in(uow, case_id=read.case_id, marks={}, good="", learn="") == 5


def test_the_texts_are_read_without_names(read: Read) -> None:
    take(read.experts[0], read.case_id, read.done)
    with Session() as db:
        case = queries.case_for_reviewer(db, read.case_id, read.experts[0], read.done)
    assert [line.text for line in case.lines] == ["您好 ［B］，我是 ［A］，电话 ［…］。", "Hello ［A］."]
    assert [line.by_client for line in case.lines] == [True, False]
    assert case.rubric


def test_nobody_reads_what_they_did_not_take(read: Read) -> None:
    with Session() as db:
        for who in (read.experts[0], read.ada, read.grace.actor):
            with pytest.raises(NotFound):
                queries.case_for_reviewer(db, read.case_id, who, read.done)


def test_who_takes_the_consent_back_is_read_no_longer(read: Read) -> None:
    take(read.experts[0], read.case_id, read.done)
    with unit_of_work() as uow:
        privacy.withdraw_consent(uow, user_id=read.ada.user_id, purpose="expert_review")
    with Session() as db, pytest.raises(NotFound):
        queries.case_for_reviewer(db, read.case_id, read.experts[0], read.done)


def test_only_experts_read_and_never_their_own_sessions(read: Read) -> None:
    with pytest.raises(ReviewersOnly):
        take(read.ada, read.case_id, read.done)
    both = Actor(read.grace.id, frozenset({"consultant", "reviewer"}))
    with pytest.raises(NotFound):
        take(both, read.case_id, read.done)
    with Session() as db:
        assert queries.review_board(db, both, read.done).open == ()
        assert len(queries.review_board(db, read.experts[0], read.done).open) == 1


@pytest.mark.parametrize("who", ["ada", "grace", "twice", "stranger"])
def test_the_database_refuses_own_sessions_a_second_seat_and_false_copies(read: Read, who: str) -> None:
    take(read.experts[0], read.case_id, read.done)
    reviewer = {"ada": read.ada.user_id, "grace": read.grace.id, "twice": read.experts[0].user_id}.get(who, "x")
    client = "somebody-else" if who == "stranger" else read.ada.user_id
    with Session() as db, pytest.raises(IntegrityError):
        db.execute(
            text(
                "INSERT INTO quality_expert_reviews (id, case_id, client_id, consultant_id, reviewer_id, seat, taken_at,"
                " due_at, marks, good, learn) VALUES ('r', :case, :client, :consultant, :reviewer, 2, now(), now(),"
                " '{}', '', '')"
            ),
            {"case": read.case_id, "client": client, "consultant": read.grace.id, "reviewer": reviewer},
        )


def test_the_last_seat_is_taken_by_one_of_many(read: Read) -> None:
    take(read.experts[0], read.case_id, read.done)

    def attempt(who: Actor) -> bool:
        try:
            take(who, read.case_id, read.done)
        except NoSeat:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(attempt, read.experts[1:])) == [False, False, True]


def test_a_seat_not_filled_in_time_is_free_again(read: Read) -> None:
    take(read.experts[0], read.case_id, read.done)
    late = read.done + rules.SEAT_LASTS
    with Session() as db, pytest.raises(NotFound):
        queries.case_for_reviewer(db, read.case_id, read.experts[0], late)
    with unit_of_work(read.experts[0], now=late) as uow, pytest.raises(SeatLost):
        actions.hand_in(uow, case_id=read.case_id, marks={}, good="", learn="")
    with unit_of_work(now=late) as uow:
        assert actions.free_overdue_seats(uow) == 1
    take(read.experts[1], read.case_id, late)


def test_a_seat_can_be_given_back_but_not_what_was_handed_in(read: Read) -> None:
    take(read.experts[0], read.case_id, read.done)
    give(read.experts[1], read.case_id, read.done, 4)
    for who in read.experts[:2]:
        with unit_of_work(who, now=read.done) as uow:
            actions.give_back_seat(uow, case_id=read.case_id)
    with Session() as db:
        assert queries.review_board(db, read.experts[0], read.done).taken == ()
        assert queries.review_board(db, read.experts[1], read.done).given_count == 1


def test_nobody_hoards_sessions(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "SEATS_HELD_MAX", 0)
    with pytest.raises(TooManySeats):
        take(read.experts[0], read.case_id, read.done)


FINE = {"understanding": 3, "market": 4, "practice": 3, "independence": 5}


@pytest.mark.parametrize(
    ("marks", "learn", "wrong"),
    [
        ({}, "x", set(FINE)),
        (FINE | {"market": 6}, "x", {"market"}),
        (FINE | {"market": True}, "x", {"market"}),
        (FINE, " ", {"learn"}),
        (FINE, "y" * 2001, {"learn"}),
    ],
)
def test_a_sheet_is_whole_or_refused(read: Read, marks: dict[str, int], learn: str, wrong: set[str]) -> None:
    take(read.experts[0], read.case_id, read.done)
    with unit_of_work(read.experts[0], now=read.done) as uow, pytest.raises(Invalid) as refused:
        actions.hand_in(uow, case_id=read.case_id, marks=marks, good="", learn=learn)
    assert set(refused.value.fields) == wrong
    with Session() as db:
        assert queries.review_board(db, read.experts[0], read.done).given_count == 0


def test_the_score_is_the_mean_weighted_by_the_rubric(read: Read) -> None:
    take(read.experts[0], read.case_id, read.done)
    with unit_of_work(read.experts[0], now=read.done) as uow:
        score = actions.hand_in(uow, case_id=read.case_id, marks=FINE, good="", learn="x")
    assert score == round(0.25 * 3 + 0.25 * 4 + 0.3 * 3 + 0.2 * 5, 3)


def test_a_case_that_nobody_reads_ends_by_the_clock(read: Read) -> None:
    give(read.experts[0], read.case_id, read.done, 4)
    take(read.experts[1], read.case_id, read.done)
    with unit_of_work(now=read.done + rules.CASE_LASTS) as uow:
        assert actions.close_overdue(uow) == 1
    found = expert_quality(read.grace.id)
    assert found
    assert found.count == 1
    with Session() as db:
        assert queries.house_cases(db).open == 0


def test_only_sessions_of_those_who_agreed_are_chosen(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work(now=NOW) as uow:
        bob, hopper = make.client(uow, "Bob"), make.consultant(uow, "Hopper")
        catalog_actions.put_house_fields(uow)
        silent = make.completed_booking(uow, client=bob, consultant=hopper)
        agreed = make.completed_booking(uow, client=read.ada, consultant=hopper, start=make.slot(uow, hopper, number=5))
    at = read.done + 3 * DAY
    with Session() as db:
        found = queries.candidates(db, at)
    assert [one.booking_id for one in found] == [agreed], "Grace’s rest, Bob has not agreed"
    with unit_of_work(now=at) as uow, pytest.raises(NotFound):
        actions.open_case(uow, booking_id=silent)
    monkeypatch.setattr(jobs, "utc_now", lambda: at)
    jobs.choose_sessions()
    jobs.choose_sessions()
    with Session() as db:
        assert queries.house_cases(db).open == 2


def test_the_house_sees_agreement_and_bias(read: Read) -> None:
    give(read.experts[0], read.case_id, read.done, 4)
    give(read.experts[1], read.case_id, read.done, 3)
    with Session() as db:
        agreement, lines = queries.agreement(db), queries.reviewers(db)
    assert (agreement.cases, agreement.alpha is not None) == (1, True)
    assert {line.name: (line.bias.mean if line.bias else None) for line in lines} == {"Rita": 1.0, "Rosa": -1.0}
