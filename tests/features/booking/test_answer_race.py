"""A yes, a no, a withdrawal and the clock at the same moment: one of them counts, and the money is in one place."""

from __future__ import annotations

import pytest

from tests import make
from tests.features.booking.test_race import HOUR, NOW, all_at_once, doing, state_and_money
from zhixun.features.booking import actions
from zhixun.features.booking.rules import State
from zhixun.features.catalog import actions as catalog
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict
from zhixun.kernel.unit_of_work import unit_of_work

WHY = "I am at a hearing that day."


@pytest.fixture
def asked(db_url):
    """Ada, Grace and a request."""
    outbox.forget_all()
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        catalog.ask_first(make.acting(uow, grace.actor), service_id=grace.service_id, on_request=True)
        uow.db.flush()
        return ada, grace, make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=8))


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_answers_at_the_same_moment_one_counts(asked, attempt):
    _, grace, booking_id = asked
    yes = doing(actions.accept_request, grace.actor, booking_id=booking_id)
    no = doing(actions.decline_request, grace.actor, booking_id=booking_id, reason=WHY)
    answers = all_at_once(yes, no, yes, no, yes, no)
    state, money = state_and_money(booking_id)
    if state is State.CONFIRMED:
        assert money == (48_000, 0)
        assert [isinstance(one, Conflict) for one in answers] == [False, True] * 3
    else:
        assert (state, money) == (State.CANCELLED, (0, 48_000))
        assert [isinstance(one, Conflict) for one in answers] == [True, False] * 3


@pytest.mark.parametrize("attempt", range(3))
def test_a_yes_and_a_withdrawal_at_the_same_moment_end_with_everything_back_or_a_session(asked, attempt):
    ada, grace, booking_id = asked
    yes = doing(actions.accept_request, grace.actor, booking_id=booking_id)
    back = doing(actions.cancel_booking, ada, booking_id=booking_id)
    all_at_once(yes, back, yes, back)
    assert state_and_money(booking_id) == (State.CANCELLED, (0, 48_000)), "withdrawn, or accepted and cancelled in time"


@pytest.mark.parametrize("attempt", range(3))
def test_an_answer_in_the_second_the_request_ends_comes_too_late(asked, attempt):
    _, grace, booking_id = asked
    end = NOW + 24 * HOUR

    def at_the_end(deed, **keywords):
        def run():
            with unit_of_work(*keywords.pop("who", ()), now=end) as uow:
                return deed(uow, booking_id=booking_id, **keywords)

        return run

    clock = at_the_end(actions.pass_time)
    yes = at_the_end(actions.accept_request, who=(grace.actor,))
    answers = all_at_once(clock, yes, clock)
    assert isinstance(answers[1], Conflict)
    assert state_and_money(booking_id) == (State.CANCELLED, (0, 48_000))
