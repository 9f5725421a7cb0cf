"""All of the times of a series are held, or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from tests.features.booking.series.parts import (
    NOW,
    SHANGHAI,
    START,
    WEEK,
    asked,
    at_once,
    money_of,
    paid,
    standing,
    states,
)
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import SeriesMade, SeriesNotFree, SeriesUnpaid, TooManyHolds
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.features.ledger.rules import escrow_of
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.rules import Settlement, purpose_of_booking
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed
from zhixun.features.scheduling.rules import Recurrence, WeeklyHours
from zhixun.kernel import outbox
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id


def test_all_times_are_held_and_paid_at_once_and_each_waits_in_its_own_escrow(two):
    ada, grace = two
    made = asked(ada, grace)
    assert [at for _, at in made.bookings] == [START + n * WEEK for n in range(4)]
    assert made.total == Money(4 * 48_000)
    assert paid(made) is Settlement.CAPTURED
    assert states(made) == [State.CONFIRMED] * 4
    assert [money_of(escrow_of(name)) for name, _ in made.bookings] == [48_000] * 4
    with Session() as db:
        assert payment_queries.captured_total(db, purpose_of_booking(made.bookings[2][0])) == make.PRICE


def test_the_time_stays_the_same_on_the_consultants_clock_when_the_clocks_change(db_url):
    outbox.forget_all()
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
        grace = make.consultant(uow, zone="Europe/London", hours=(WeeklyHours(("TU",), "09:00", "12:00"),))
    start = datetime(2027, 3, 16, 10, 0, tzinfo=UTC)
    made = asked(ada, grace, start=start, zone="Europe/London", now=datetime(2027, 3, 1, tzinfo=UTC))
    assert [at.hour for _, at in made.bookings] == [10, 10, 9, 9]


def test_where_one_date_is_not_free_none_is_held_and_each_is_named_with_what_is_near_it(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        bob = make.client(uow, "Bob")
        make.paid_booking(uow, client=bob, consultant=grace, start=START + WEEK)
        before = standing()
    with pytest.raises(SeriesNotFree) as refusal:
        asked(ada, grace)
    [date] = refusal.value.extra["dates"]
    assert (date["number"], date["start"]) == (2, "2026-12-02T02:00:00Z")
    assert date["alternatives"] == ["2026-12-02T01:00:00Z", "2026-12-02T03:00:00Z", "2026-12-02T04:00:00Z"]
    assert standing() == before + 1
    made = asked(ada, grace, instead={2: START + WEEK + timedelta(hours=1)})
    assert len(made.bookings) == 4
    with unit_of_work(ada, now=NOW) as uow:
        actions.cancel_series(uow, series_id=made.series_id)
    assert len(asked(ada, grace, left_out=frozenset({2})).bookings) == 3


def test_only_the_first_date_has_to_be_within_the_horizon(two):
    ada, grace = two
    made = asked(ada, grace, sessions=12, weeks_apart=2)
    assert made.bookings[-1][1] == START + 22 * WEEK
    with pytest.raises(SeriesNotFree) as refusal:
        asked(make.pair()[0], grace, start=START + 20 * WEEK + timedelta(hours=2))
    assert [date["number"] for date in refusal.value.extra["dates"]] == [1]


def test_the_plan_of_a_series_says_before_anything_is_held_what_would_be_refused(two):
    _, grace = two
    with unit_of_work(now=NOW) as uow:
        make.paid_booking(uow, client=make.client(uow, "Bob"), consultant=grace, start=START + WEEK)
    with Session() as db:
        dates = queries.plan_series(
            db, service=catalog.service(db, grace.service_id), now=NOW, viewer_zone="Europe/London",
            wanted=Recurrence(START, 1, 3, SHANGHAI),
        )  # fmt: skip
    assert [date.free for date in dates] == [True, False, True]
    assert [len(date.alternatives) for date in dates] == [0, 3, 0]


def test_the_same_series_twice_is_one_and_its_id_names_no_other(two):
    ada, grace = two
    name = new_id()
    made = asked(ada, grace, series_id=name)
    assert asked(ada, grace, series_id=name) == made
    with pytest.raises(HoldIdUsed):
        asked(ada, grace, series_id=name, sessions=5)
    with pytest.raises(NotFound):
        asked(make.pair()[0], grace, series_id=name)
    with pytest.raises(Invalid):
        asked(ada, grace, series_id="nonsense")


def test_a_series_counts_as_one_hold_and_only_one_may_wait_for_its_money(two):
    ada, grace = two
    asked(ada, grace)
    with pytest.raises(SeriesUnpaid):
        asked(ada, grace, start=START + timedelta(hours=2))
    with unit_of_work(now=NOW) as uow:
        for number in range(4):
            make.held_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace, number=number))
    with pytest.raises(TooManyHolds), unit_of_work(now=NOW) as uow:
        make.held_booking(uow, client=ada, consultant=grace)


@pytest.mark.parametrize("attempt", range(2))
def test_of_two_series_that_want_overlapping_times_at_once_one_is_whole_and_nothing_of_the_other_is_held(two, attempt):
    _, grace = two
    with unit_of_work(now=NOW) as uow:
        people = [make.client(uow, f"Bob{n}") for n in range(6)]
    starts = [START, START + WEEK, START + 2 * WEEK] * 2
    answers = at_once([(who, grace, {"start": at, "sessions": 6}) for who, at in zip(people, starts, strict=True)])
    whole = [one for one in answers if isinstance(one, SeriesMade)]
    assert len(whole) == 1
    assert all(isinstance(one, SeriesNotFree) and one.extra["dates"] for one in answers if one not in whole)
    assert standing() == 6


def test_a_consultant_books_no_series_with_themselves(two):
    _, grace = two
    with pytest.raises(actions.OwnService):
        asked(grace.actor, grace)


def test_a_day_that_the_consultant_has_closed_is_in_the_way(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        scheduling.set_override(uow, consultant_id=grace.id, day=(START + WEEK).date(), openings=[])
    with pytest.raises(SeriesNotFree) as refusal:
        asked(ada, grace)
    assert [date["number"] for date in refusal.value.extra["dates"]] == [2]
