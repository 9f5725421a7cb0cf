"""What clients answer, when they may, and how it adds up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests import make
from zhixun.events.quality import FeedbackGiven
from zhixun.features.quality import actions, queries, rules
from zhixun.features.quality.actions import NotCompleted, WindowClosed
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

NOW = make.NOW
MINUTE = timedelta(minutes=1)


@pytest.fixture
def held(db_url):
    """(Ada, Grace, the id of their completed session, when it was completed)"""
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        start = make.slot(uow, grace)
        booking_id = make.completed_booking(uow, client=ada, consultant=grace, start=start)
    return ada, grace, booking_id, start + timedelta(hours=1)


def give(who, booking_id, at, *, feedback_id=None, scores=make.FINE_SCORES, nps=9, solved="yes", words="", public=True):
    with unit_of_work(who, now=at) as uow:
        answer = actions.give_feedback(
            uow, feedback_id=feedback_id or new_id(), booking_id=booking_id, scores=scores, nps=nps, solved=solved,
            words=words, public=public,
        )  # fmt: skip
    return answer, [type(fact) for fact in uow.facts]


def test_answers_are_kept_and_told_once_and_may_be_changed(held):
    ada, _, booking_id, done = held
    name, facts = give(ada, booking_id, done, words="  Very clear.\x00 ")
    assert facts == [FeedbackGiven]
    again, facts = give(ada, booking_id, done + MINUTE, nps=3, solved="no", public=False)
    assert (again, facts) == (name, [])
    with Session() as db:
        seen = queries.feedback_for(db, booking_id, SYSTEM)
    assert (seen.id, seen.nps, seen.solved, seen.words, seen.public, seen.at) == (name, 3, "no", "", False, done)


def test_two_presses_at_the_same_moment_are_one_answer(held):
    ada, grace, booking_id, done = held
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: give(ada, booking_id, done), range(6)))
    assert len({name for name, _ in answers}) == 1
    assert sum(len(facts) for _, facts in answers) == 1
    with Session() as db:
        assert queries.satisfaction_of(db, [grace.id])[grace.id].count == 1


def test_the_window_closes_seven_days_after_the_session_to_the_second(held):
    ada, _, booking_id, done = held
    give(ada, booking_id, done + rules.WINDOW)
    with pytest.raises(WindowClosed):
        give(ada, booking_id, done + rules.WINDOW + timedelta(seconds=1))


def test_only_the_client_answers_and_only_about_what_was_completed(held):
    ada, grace, booking_id, done = held
    for stranger in (grace.actor, Actor("bob"), Actor("olga", frozenset({"operator"}))):
        with pytest.raises(NotFound):
            give(stranger, booking_id, done)
    with pytest.raises(NotFound):
        give(ada, new_id(), done)
    with unit_of_work(now=NOW) as uow:
        planned = make.paid_booking(uow, client=ada, consultant=grace)
    with pytest.raises(NotCompleted):
        give(ada, planned, done)


def test_an_id_that_names_other_feedback_is_refused(held):
    ada, grace, booking_id, done = held
    name, _ = give(ada, booking_id, done)
    with unit_of_work(now=NOW) as uow:
        other = make.completed_booking(uow, client=ada, consultant=grace)
    with pytest.raises(Conflict):
        give(ada, other, done, feedback_id=name)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("accuracy", {"scores": make.FINE_SCORES | {"accuracy": 0}}),
        ("clarity", {"scores": make.FINE_SCORES | {"clarity": 6}}),
        ("punctual", {"scores": {**make.FINE_SCORES, "punctual": True}}),
        ("boundaries", {"scores": {**make.FINE_SCORES, "boundaries": "5"}}),
        ("actionable", {"scores": {}}),
        ("nps", {"nps": 11}),
        ("nps", {"nps": -1}),
        ("nps", {"nps": "9"}),
        ("solved", {"solved": "maybe"}),
        ("words", {"words": "x" * 2_001}),
    ],
)
def test_answers_that_make_no_sense_are_refused_by_name_and_change_nothing(held, field, wrong):
    ada, _, booking_id, done = held
    with pytest.raises(Invalid) as refused:
        give(ada, booking_id, done, **wrong)
    assert field in refused.value.fields
    with Session() as db:
        assert queries.feedback_for(db, booking_id, SYSTEM) is None


def test_satisfaction_is_the_plain_mean_of_all_answers(held):
    ada, grace, booking_id, done = held
    give(ada, booking_id, done, scores=dict.fromkeys(rules.DIMENSIONS, 5), solved="yes", words="Great", nps=10)
    others = []
    for n, (score, solved, nps) in enumerate([(1, "no", 0), (4, "partly", 7), (3, "yes", 9)]):
        with unit_of_work(now=NOW) as uow:
            bob = make.client(uow, f"Bob{n}")
            others.append(make.completed_booking(uow, client=bob, consultant=grace))
        scores = dict.fromkeys(rules.DIMENSIONS, score)
        give(
            bob,
            others[-1],
            done + timedelta(days=1),
            scores=scores,
            solved=solved,
            nps=nps,
            words="w" * n,
            public=n != 2,
        )
    with Session() as db:
        seen = queries.satisfaction_of(db, [grace.id, "nobody"])
        assert set(seen) == {grace.id}
        assert (seen[grace.id].mean, seen[grace.id].count, seen[grace.id].solved_share) == (3.25, 4, 0.5)
        assert not seen[grace.id].shown
        quality = queries.quality_of(db, grace.id)
        assert quality.satisfaction == seen[grace.id]
        assert quality.dimensions == dict.fromkeys(rules.DIMENSIONS, 3.25)
        assert quality.distribution == {1: 1, 2: 0, 3: 1, 4: 1, 5: 1}
        assert queries.nps(db, since=NOW) == (25, 4)
        assert queries.nps(db, since=done + timedelta(days=9)) == (0, 0)
        assert {line.words for line in queries.reviews_of(db, grace.id)} == {"Great", "w"}
        assert queries.feedback_given(db, [booking_id, new_id()]) == {booking_id}
        assert queries.quality_of(db, "nobody").satisfaction == queries.NOTHING_YET


def test_a_mean_is_shown_from_five_answers_on():
    assert not queries.Satisfaction(5.0, 4, 1.0).shown
    assert queries.Satisfaction(5.0, 5, 1.0).shown
    assert rules.mean([]) == 0.0
    assert rules.mean([4, 5]) == 4.5
