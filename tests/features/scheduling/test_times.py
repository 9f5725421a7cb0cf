"""Times held, taken, lapsed and given back, against the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from tests import make
from zhixun.features.scheduling import actions, jobs, queries
from zhixun.features.scheduling.actions import HoldIdUsed, NotOffered, SlotTaken
from zhixun.features.scheduling.models import TakenTime
from zhixun.features.scheduling.rules import SlotTerms, WeeklyHours
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id

NOW = make.NOW
FIRST = datetime(2026, 11, 25, 1, tzinfo=UTC)
HOUR = SlotTerms(60)
QUARTER = timedelta(minutes=15)
GRACE = "grace"
EAST, WEST = timezone(timedelta(hours=8)), timezone(timedelta(hours=-8))


@pytest.fixture
def _calendar(db_url):
    with unit_of_work(now=NOW) as uow:
        actions.open_calendar(uow, consultant_id=GRACE, zone="Asia/Shanghai")
        actions.set_weekly_hours(uow, consultant_id=GRACE, hours=make.OFFICE_HOURS)


pytestmark = pytest.mark.usefixtures("_calendar")


def hold(start=FIRST, *, hold_id=None, now=NOW, owner="ada", terms=HOUR, consultant_id=GRACE):
    name = hold_id or new_id()
    with unit_of_work(now=now) as uow:
        actions.hold_time(
            uow, hold_id=name, consultant_id=consultant_id, terms=terms, start=start, expires_at=now + QUARTER, owner_id=owner
        )  # fmt: skip
    return name


def take(hold_id, *, now=NOW):
    with unit_of_work(now=now) as uow:
        actions.take_time(uow, hold_id=hold_id)


def release(hold_id, *, now=NOW):
    with unit_of_work(now=now) as uow:
        actions.release_time(uow, hold_id=hold_id)


def lapse(hold_id, *, now=NOW):
    with unit_of_work(now=now) as uow:
        actions.let_time_lapse(uow, hold_id=hold_id)


def free(*, now=NOW, viewer_id=None, terms=HOUR, days=1):
    with unit_of_work(now=now) as uow:
        found = queries.slots(
            uow.db, consultant_id=GRACE, terms=terms, from_=FIRST, until=FIRST + timedelta(days=days), now=now, viewer_id=viewer_id
        )  # fmt: skip
    return [slot.start for slot in found]


def test_a_held_time_is_offered_to_nobody_else():
    hold()
    assert FIRST not in free()
    assert FIRST in free(viewer_id="ada")
    with pytest.raises(SlotTaken) as refused:
        hold(owner="bob")
    assert refused.value.extra["alternatives"] == [
        "2026-11-25T02:00:00Z",
        "2026-11-25T03:00:00Z",
        "2026-11-25T04:00:00Z",
    ]


def test_the_same_hold_twice_is_one_hold():
    name = hold()
    assert hold(hold_id=name) == name
    with unit_of_work() as uow:
        assert len(uow.db.scalars(select(TakenTime)).all()) == 1


@pytest.mark.parametrize(
    "other", [{"owner": "bob"}, {"start": FIRST + timedelta(hours=2)}, {"consultant_id": "hopper"}]
)
def test_a_hold_id_names_one_time_of_one_person(other):
    with unit_of_work(now=NOW) as uow:
        actions.open_calendar(uow, consultant_id="hopper", zone="Asia/Shanghai")
        actions.set_weekly_hours(uow, consultant_id="hopper", hours=make.OFFICE_HOURS)
    name = hold()
    with pytest.raises(HoldIdUsed):
        hold(hold_id=name, **other)
    assert FIRST not in free()


def test_an_expired_hold_keeps_nobody_out_even_before_it_is_swept():
    hold()
    later = NOW + QUARTER
    assert FIRST not in free(now=later - timedelta(seconds=1))
    assert FIRST in free(now=later)
    hold(owner="bob", now=later)


def test_sweeping_frees_what_has_expired_and_nothing_else(monkeypatch):
    expired = hold()
    taken = hold(FIRST + timedelta(hours=1))
    take(taken)
    with unit_of_work(now=NOW + QUARTER) as uow:
        assert actions.sweep_lapsed_holds(uow) == 1
        assert actions.sweep_lapsed_holds(uow) == 0
        states = dict(uow.db.execute(select(TakenTime.hold_id, TakenTime.state)).all())
    assert states == {expired: "lapsed", taken: "taken"}
    jobs.sweep_lapsed_holds()


def test_a_taken_time_stays_taken():
    name = hold()
    take(name)
    take(name)
    assert FIRST not in free(now=NOW + QUARTER)
    lapse(name)
    assert FIRST not in free()


def test_a_lapsed_time_is_taken_again_while_it_is_free():
    name = hold()
    lapse(name, now=NOW + QUARTER)
    assert FIRST in free()
    take(name, now=NOW + timedelta(hours=1))
    assert FIRST not in free()


def test_a_lapsed_time_someone_else_has_is_not_taken_again():
    name = hold()
    hold(owner="bob", now=NOW + QUARTER)
    with pytest.raises(SlotTaken):
        take(name, now=NOW + QUARTER)
    # Bob lets his time lapse too, so Ada's late money still finds it free.
    take(name, now=NOW + 3 * QUARTER)


def test_a_time_given_back_is_free_and_not_taken_again():
    name = hold()
    release(name)
    release(name)
    assert FIRST in free()
    with pytest.raises(NotOffered):
        take(name)
    release("unknown")


def test_what_nobody_holds_cannot_be_taken():
    with pytest.raises(NotFound):
        take(new_id())


def test_without_a_calendar_nothing_is_found():
    with pytest.raises(NotFound):
        hold(consultant_id="nobody")
    with pytest.raises(NotFound), unit_of_work(now=NOW) as uow:
        queries.slots(uow.db, consultant_id="nobody", terms=HOUR, from_=NOW, until=NOW + QUARTER, now=NOW)
    with pytest.raises(NotFound), unit_of_work(now=NOW) as uow:
        actions.set_weekly_hours(uow, consultant_id="nobody", hours=[])


@pytest.mark.parametrize(
    "start",
    [
        FIRST.replace(tzinfo=None),
        FIRST + timedelta(microseconds=1),
        datetime(1, 1, 1, tzinfo=EAST),
        datetime.max.replace(microsecond=0, tzinfo=WEST),
    ],
)
def test_a_start_that_is_no_exact_instant_is_refused(start):
    with pytest.raises(Invalid):
        hold(start)


@pytest.mark.parametrize(
    "start",
    [
        FIRST + timedelta(seconds=1), FIRST + timedelta(minutes=30), FIRST - timedelta(hours=1), NOW - timedelta(days=7),
        datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_refused_with_times_that_are(start):
    with pytest.raises(NotOffered) as refused:
        hold(start)
    for text in refused.value.extra["alternatives"]:
        hold(datetime.fromisoformat(text), now=NOW)
    assert free(days=3) != []


def test_a_start_in_another_zone_is_the_same_instant():
    hold(FIRST.astimezone(WEST))
    assert FIRST not in free()


def test_buffers_of_both_sessions_are_kept_by_the_offer_and_by_the_database_alike():
    terms = replace(HOUR, buffer_before_minutes=15, buffer_after_minutes=20, interval_minutes=5)
    take(hold(FIRST + timedelta(hours=2), terms=terms))
    offered = free(terms=terms)
    end = FIRST + timedelta(hours=3)
    assert end + timedelta(minutes=35) in offered
    assert end + timedelta(minutes=30) not in offered
    for other in (terms, HOUR):
        before = {slot for slot in free(terms=replace(other, interval_minutes=5)) if slot < FIRST + timedelta(hours=2)}
        gap = timedelta(minutes=15 + other.buffer_after_minutes)
        assert max(before) + timedelta(hours=1) == FIRST + timedelta(hours=2) - gap
    hold(end + timedelta(minutes=35), terms=terms, owner="bob")


def test_a_weekly_limit_sees_the_whole_week():
    terms = replace(HOUR, per_week_max=2)
    monday, friday = datetime(2026, 11, 30, 1, tzinfo=UTC), datetime(2026, 12, 4, 1, tzinfo=UTC)
    for start in (monday, monday + timedelta(hours=5)):
        take(hold(start, terms=terms))
    with pytest.raises(NotOffered) as refused:
        hold(friday, terms=terms)
    assert refused.value.extra["reason"] == "limit"
    hold(friday + timedelta(days=3), terms=terms)


def test_changed_hours_and_exceptions_count_at_once_and_leave_what_is_booked():
    take(hold())
    with unit_of_work(now=NOW) as uow:
        actions.set_weekly_hours(uow, consultant_id=GRACE, hours=[WeeklyHours(("TH",), "09:00", "11:00")])
        actions.set_override(uow, consultant_id=GRACE, day=date(2026, 11, 25), openings=[("15:00", "16:00")])
        assert queries.hours_of(uow.db, GRACE) == (WeeklyHours(("TH",), "09:00", "11:00"),)
    assert free() == [datetime(2026, 11, 25, 7, tzinfo=UTC)]
    with unit_of_work(now=NOW) as uow:
        actions.set_override(uow, consultant_id=GRACE, day=date(2026, 11, 25), openings=[])
        actions.set_override(uow, consultant_id=GRACE, day=date(2026, 11, 26), openings=None)
    assert free() == []
    with unit_of_work(now=NOW) as uow:
        actions.set_override(uow, consultant_id=GRACE, day=date(2026, 11, 25), openings=None)
    assert free(days=2) == [FIRST + timedelta(days=1), FIRST + timedelta(days=1, hours=1)]
    with pytest.raises(Invalid), unit_of_work(now=NOW) as uow:
        actions.set_override(uow, consultant_id=GRACE, day=date(2026, 11, 25), openings=[("9", "10")])


def test_moving_to_another_zone_moves_the_hours_and_nothing_that_is_booked():
    take(hold())
    with unit_of_work(now=NOW) as uow:
        actions.open_calendar(uow, consultant_id=GRACE, zone="Europe/Berlin")
        assert queries.zone_of(uow.db, GRACE) == "Europe/Berlin"
    assert free(now=NOW)[0] == datetime(2026, 11, 25, 8, tzinfo=UTC)
    with pytest.raises(Invalid), unit_of_work(now=NOW) as uow:
        actions.open_calendar(uow, consultant_id=GRACE, zone="Nowhere")


def test_explain_tells_why():
    take(hold())
    with unit_of_work(now=NOW) as uow:

        def why(at):
            return queries.explain(uow.db, consultant_id=GRACE, terms=HOUR, at=at, now=NOW)

        assert why(FIRST) == "taken"
        assert why(FIRST + timedelta(hours=1)) == "offered"
        assert why(NOW - timedelta(days=900)) == "in_the_past"
        assert why(datetime.max.replace(tzinfo=UTC)) == "beyond_horizon"


def test_a_time_that_is_taken_says_by_what_and_until_when_it_is_held():
    hold(terms=SlotTerms(60, buffer_after_minutes=30))
    with unit_of_work(now=NOW) as uow:
        beside = FIRST + timedelta(hours=1)
        why = queries.reason(uow.db, consultant_id=GRACE, terms=HOUR, at=beside, now=NOW)
    assert why.code == "taken"
    [there] = why.times
    assert (there.start, there.buffer_after_minutes, there.lapses_at) == (FIRST, 30, NOW + QUARTER)
