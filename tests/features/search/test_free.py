"""When people are free, looked up where it is written out: always what the slot engine says."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests import make
from tests.features.scheduling.schedules import ZONES, situations
from zhixun.app import subscribe_all
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling import queries as times
from zhixun.features.scheduling.rules import Slot, Stretch, WeeklyHours, free_runs, offer, terms_of
from zhixun.features.search import actions, jobs
from zhixun.features.search.queries import Asking, FreeLook
from zhixun.kernel.errors import Conflict
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, Words, new_id, utc_now

NOW = make.NOW
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
WEEK = Asking(NOW, NOW + 7 * DAY)


def write(*ids: str, now: datetime = NOW) -> None:
    with unit_of_work(now=now) as uow:
        actions.write_free_times(uow, consultant_ids=ids)


def free(asking: Asking, now: datetime = NOW, among: list[str] | None = None) -> dict[str, datetime]:
    with Session() as db:
        return FreeLook(db, asking, now=now).first(among=among)


def by_the_engine(asking: Asking, now: datetime) -> dict[str, datetime]:
    """The same asked of the slot engine, service by service, as the page of a consultant does."""
    found = dict[str, datetime]()
    with Session() as db:
        for one in times.calendar_ids(db):
            for service in catalog_queries.timings_of(db, [one]).get(one, ()):
                slots = asking.fits(service) and times.slots(
                    db, consultant_id=one, terms=terms_of(service), from_=asking.from_, until=asking.until, now=now
                )
                if slots:
                    found[one] = min(slots[0].start, found.get(one, slots[0].start))
    return found


def shown(asking: Asking, now: datetime, *, soonest: bool) -> dict[str, tuple[str, list[Slot]]]:
    with Session() as db:
        services = catalog_queries.timings_of(db, times.calendar_ids(db))
        found = FreeLook(db, asking, now=now).next(services, each=3, soonest=soonest)
    return {one: (name, list(slots)) for one, (name, slots) in found.items()}


def shown_by_the_engine(asking: Asking, now: datetime, *, soonest: bool) -> dict[str, tuple[str, list[Slot]]]:
    found = {}
    with Session() as db:
        for one, sold in catalog_queries.timings_of(db, times.calendar_ids(db)).items():
            fitting = [service for service in sold if asking.fits(service)]
            free = [
                (service.id, times.slots(db, consultant_id=one, terms=terms_of(service), from_=asking.from_, until=asking.until, now=now)[:3])
                for service in fitting
            ]  # fmt: skip
            some = [pair for pair in free if pair[1]]
            if soonest:
                some.sort(key=lambda pair: pair[1][0].start)
            found[one] = next(iter(some), (fitting[0].id if fitting else "", []))
    return found


@settings(max_examples=60, deadline=None)
@given(situations(), st.data())
def test_what_is_written_out_of_a_calendar_is_what_the_engine_offers_now_and_when_holds_have_lapsed(situation, data):
    calendar, terms, busy, now = situation
    terms = replace(
        terms, per_day_max=None, per_week_max=None, minutes_per_day_max=None, notice_minutes=0, horizon_days=None
    )
    lapse = st.one_of(st.none(), st.integers(-60, 600).map(lambda n: now + n * MINUTE))
    busy = [replace(one, lapses_at=data.draw(lapse)) for one in busy]
    low, high = int(now.timestamp()) + 1, int((now + 14 * DAY).timestamp())
    runs = free_runs(calendar, terms, busy, low=low, high=high)
    for later in (now, now + 5 * HOUR, now + 11 * HOUR):
        standing = [one for one in busy if one.lapses_at is None or one.lapses_at > later]
        wanted = offer(calendar, terms, standing, from_=now + timedelta(seconds=1), until=now + 14 * DAY, now=now)
        found = [at for run in runs if run.free_at is None or run.free_at <= later for at in _starts(run)]
        assert sorted(found) == [int(slot.start.timestamp()) for slot in wanted]
    assert all(run.first // 86_400 == run.last // 86_400 for run in runs)


def _starts(run):
    return range(run.first, run.last + 1, run.step_seconds)


class House:
    """Three consultants to whom anything may happen, and a clock."""

    def __init__(self, draw: Random) -> None:
        self.draw, self.now, self.holds = (
            draw,
            NOW + timedelta(seconds=draw.randrange(86_400), microseconds=draw.choice((0, 7))),
            list[str](),
        )
        with unit_of_work(now=self.now) as uow:
            self.people = [
                make.consultant(uow, name, zone=draw.choice(ZONES), hours=self._hours(), service=self._timing())
                for name in ("Grace", "Hedy", "Mary")
            ]
            for one in self.people[:2]:
                self._service(uow, one)

    def live(self) -> None:
        deed = self.draw.choice(
            (self.hold, self.hold, self.hold, self.take, self.release, self.lapse, self.move, self.hours, self.override, self.zone,
             self.busy, self.service, self.withdraw, self.timing, self.wait, self.wait, self.sweep, self.write, self.write)
        )  # fmt: skip
        with contextlib.suppress(Conflict):  # somebody else has the time
            deed()

    def hold(self) -> None:
        one, name = self.draw.choice(self.people), new_id()
        with unit_of_work(now=self.now) as uow:
            sold = catalog_queries.timings_of(uow.db, [one.id]).get(one.id)
            if not sold:
                return
            terms = terms_of(self.draw.choice(sold))
            slots = times.slots(
                uow.db, consultant_id=one.id, terms=terms, from_=self.now, until=self.now + 9 * DAY, now=self.now
            )
            if slots:
                until = self.now + self.draw.choice((15, 15, 700)) * MINUTE
                start = self.draw.choice(slots).start
                scheduling.hold_time(
                    uow, hold_id=name, consultant_id=one.id, terms=terms, start=start, expires_at=until, owner_id="ada"
                )
                self.holds.append(name)

    def take(self) -> None:
        self._with_a_hold(lambda uow, name: scheduling.take_time(uow, hold_id=name))

    def release(self) -> None:
        self._with_a_hold(lambda uow, name: scheduling.release_time(uow, hold_id=name))

    def lapse(self) -> None:
        self._with_a_hold(lambda uow, name: scheduling.let_time_lapse(uow, hold_id=name))

    def sweep(self) -> None:
        with unit_of_work(now=self.now) as uow:
            scheduling.sweep_lapsed_holds(uow)

    def move(self) -> None:
        one, name = self.draw.choice(self.people), self.draw.choice(self.holds or [new_id()])
        with unit_of_work(now=self.now) as uow:
            terms = terms_of(catalog_queries.timings_of(uow.db, [one.id])[one.id][0])
            slots = times.slots(
                uow.db, consultant_id=one.id, terms=terms, from_=self.now, until=self.now + 5 * DAY, now=self.now
            )
            if slots and name in self.holds:
                scheduling.take_time(uow, hold_id=name)
                scheduling.move_time(uow, hold_id=name, terms=terms, start=self.draw.choice(slots).start)

    def hours(self) -> None:
        with unit_of_work(now=self.now) as uow:
            scheduling.set_weekly_hours(uow, consultant_id=self.draw.choice(self.people).id, hours=self._hours())

    def override(self) -> None:
        day = (self.now + self.draw.randrange(9) * DAY).date()
        opened = self.draw.choice((None, (), (("06:00", "09:30"), ("20:15", "02:00"))))
        with unit_of_work(now=self.now) as uow:
            scheduling.set_override(uow, consultant_id=self.draw.choice(self.people).id, day=day, openings=opened)

    def zone(self) -> None:
        with unit_of_work(now=self.now) as uow:
            scheduling.open_calendar(uow, consultant_id=self.draw.choice(self.people).id, zone=self.draw.choice(ZONES))

    def busy(self) -> None:
        one, name = self.draw.choice(self.people), new_id()
        start = self.now.replace(microsecond=0) + self.draw.randrange(9 * 1_440) * MINUTE
        with unit_of_work(one.actor, now=self.now) as uow:
            known = times.busy_calendars_of(uow.db, one.id, self.now)
            if known and self.draw.random() < 0.3:
                scheduling.remove_busy_calendar(uow, calendar_id=known[0].id)
                return
            if not known:
                scheduling.add_busy_calendar(uow, calendar_id=name, name="Work", address="https://example.com/a.ics")
            calendar_id = known[0].id if known else name
            scheduling.exchange_busy_times(
                uow, calendar_id=calendar_id, times=[Stretch(start, start + self.draw.randrange(1, 20) * HOUR)]
            )

    def service(self) -> None:
        with unit_of_work(now=self.now) as uow:
            self._service(uow, self.draw.choice(self.people))

    def withdraw(self) -> None:
        one = self.draw.choice(self.people)
        with unit_of_work(now=self.now) as uow:
            sold = catalog_queries.timings_of(uow.db, [one.id]).get(one.id, ())
            if len(sold) > 1:
                catalog.withdraw_service(make.acting(uow, one.actor), service_id=self.draw.choice(sold).id)

    def timing(self) -> None:
        notice, before, after = self.draw.choice((0, 90, 2_000)), self.draw.choice((0, 15)), self.draw.choice((0, 10))
        with unit_of_work(now=self.now) as uow:
            catalog.change_timing(
                uow, consultant_id=self.draw.choice(self.people).id, notice_minutes=notice, buffer_before_minutes=before,
                buffer_after_minutes=after,
            )  # fmt: skip

    def wait(self) -> None:
        self.now += self.draw.choice((MINUTE, 16 * MINUTE, 3 * HOUR, DAY)) + timedelta(seconds=self.draw.randrange(60))

    def write(self) -> None:
        with unit_of_work(now=self.now) as uow:
            actions.write_free_times(uow, consultant_ids=times.changed_since_written(uow.db, self.now))

    def asks(self) -> Asking:
        """This evening, today or some other stretch, on the clock of anywhere."""
        here = self.now.astimezone(ZoneInfo(self.draw.choice(ZONES)))
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
        windows = (
            (midnight + 18 * HOUR, midnight + 22 * HOUR), (here, midnight + DAY), (here, here + 7 * DAY),
            (midnight + self.draw.randrange(30) * DAY, midnight + self.draw.randrange(31, 60) * DAY),
            (here, here + self.draw.randrange(1, 20_000) * MINUTE),
        )  # fmt: skip
        low, high = self.draw.choice(windows)
        return Asking(low, high, self.draw.choice(("", "", "voice")), self.draw.choice((None, None, 40_000)))

    def _hours(self) -> tuple[WeeklyHours, ...]:
        return self.draw.choice(
            (
                make.OFFICE_HOURS,
                make.AROUND_THE_CLOCK,
                (),
                (WeeklyHours(("MO", "WE", "SA"), "21:10", "03:00"), WeeklyHours(("TU",), "08:05", "12:00")),
            )
        )

    def _timing(self) -> dict[str, object]:
        return {
            "minutes": self.draw.choice((25, 50, 90)), "buffer_after_minutes": self.draw.choice((0, 10)),
            "interval_minutes": self.draw.choice((15, 30, 60, 7)), "notice_minutes": self.draw.choice((0, 60, 1_440)),
            "horizon_days": self.draw.choice((1, 2, 7, 30)),
        }  # fmt: skip

    def _service(self, uow, one) -> None:
        timing = self._timing()
        catalog.add_service(
            uow, service_id=new_id(), consultant_id=one.id, channel=self.draw.choice(("voice", "text")), title=Words("一", "One"),
            price=Money(self.draw.choice((20_000, 60_000))), **timing,
        )  # fmt: skip

    def _with_a_hold(self, deed) -> None:
        if self.holds:
            with unit_of_work(now=self.now) as uow:
                deed(uow, self.draw.choice(self.holds))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_whatever_happened_the_look_up_says_what_the_engine_says(db_url, draw):
    with unit_of_work() as uow:
        uow.db.execute(
            text("TRUNCATE scheduling_calendars, scheduling_times, search_free_services, catalog_services CASCADE")
        )
    house = House(draw)
    house.write()
    for _ in range(12):
        house.live()
        for asking in (house.asks(), house.asks()):
            assert free(asking, house.now) == by_the_engine(asking, house.now)
    house.write()
    with unit_of_work(now=house.now) as uow:
        assert times.changed_since_written(uow.db, house.now) == []
        assert actions.check_free_times(uow, consultant_ids=[one.id for one in house.people]) == []
    for later in (MINUTE, 40 * MINUTE, DAY):
        house.now += later
        asking, soonest = house.asks(), draw.random() < 0.5
        assert free(asking, house.now) == by_the_engine(asking, house.now)
        assert shown(asking, house.now, soonest=soonest) == shown_by_the_engine(asking, house.now, soonest=soonest)


@pytest.fixture
def grace(db_url):
    with unit_of_work(now=NOW) as uow:
        made = make.consultant(uow)
    write(made.id)
    return made


def changed(now: datetime = NOW) -> list[str]:
    with Session() as db:
        return times.changed_since_written(db, now)


def test_a_time_that_is_held_is_free_again_at_the_second_the_hold_ends(grace):
    with unit_of_work(now=NOW) as uow:
        start, ends = make.slot(uow, grace), NOW + 15 * MINUTE
        terms = terms_of(catalog_queries.service(uow.db, grace.service_id))
        scheduling.hold_time(
            uow, hold_id="h", consultant_id=grace.id, terms=terms, start=start, expires_at=ends, owner_id="ada"
        )
    assert changed() == [grace.id]
    only_then = Asking(start, start + MINUTE)
    assert free(only_then) == {}
    write(grace.id)
    assert changed() == []
    assert free(only_then, ends - timedelta(seconds=1)) == {}
    assert free(only_then, ends) == {grace.id: start}


def test_a_service_that_is_changed_in_the_catalogue_is_asked_anew_at_once(grace):
    first = free(WEEK)[grace.id]
    with unit_of_work(now=NOW) as uow:
        catalog.change_timing(
            uow, consultant_id=grace.id, notice_minutes=3 * 1_440, buffer_before_minutes=0, buffer_after_minutes=0
        )
    assert changed() == [grace.id]
    assert free(WEEK)[grace.id] > first + 2 * DAY
    with unit_of_work(now=NOW) as uow:
        catalog.withdraw_service(make.acting(uow, grace.actor), service_id=grace.service_id)
    write(grace.id)
    assert free(WEEK) == {}


def test_what_was_written_is_not_relied_on_when_it_does_not_reach_far_enough_any_more(grace):
    assert changed(NOW + 2 * DAY) == []
    assert changed(NOW + 3 * DAY) == [grace.id]
    late = NOW + 40 * DAY
    assert free(Asking(late, late + 7 * DAY), late) == by_the_engine(Asking(late, late + 7 * DAY), late)


def test_the_worker_writes_it_out_soon_after_a_change_however_many_there_were(grace, deliver_all):
    subscribe_all()
    jobs.look_further_ahead()
    with unit_of_work() as uow:
        assert times.changed_since_written(uow.db, uow.now) == []
        for _ in range(3):
            scheduling.set_weekly_hours(uow, consultant_id=grace.id, hours=make.AROUND_THE_CLOCK)
        assert len(uow.facts) == 1
    deliver_all()
    with Session() as db:
        assert times.changed_since_written(db, utc_now()) == []


def test_who_nobody_told_of_is_written_out_within_a_minute(db_url):
    with unit_of_work() as uow:
        make.consultant(uow)
    jobs.keep_free_times_written()
    jobs.look_further_ahead()
    assert changed(utc_now()) == []


def test_the_check_at_night_finds_what_is_wrong_says_so_and_mends_it(grace, caplog):
    jobs.keep_free_times_written()
    jobs.check_free_times()
    assert not [line for line in caplog.records if line.levelno >= logging.WARNING]
    with unit_of_work() as uow:
        uow.db.execute(text("UPDATE search_free_runs SET last = first WHERE last > first"))
    jobs.check_free_times()
    (said,) = (line.message for line in caplog.records if line.levelno >= logging.WARNING)
    assert grace.id in said
    caplog.clear()
    jobs.check_free_times()
    assert not [line for line in caplog.records if line.levelno >= logging.WARNING]


def test_two_at_once_write_it_out_and_nobody_waits_for_who_is_being_booked(grace):
    with unit_of_work(now=NOW) as uow:
        scheduling.set_weekly_hours(uow, consultant_id=grace.id, hours=())
        with unit_of_work(now=NOW) as other:
            assert actions.write_free_times(other, consultant_ids=[grace.id]) == 0
    assert changed() == [grace.id]
    assert free(WEEK) == {}
