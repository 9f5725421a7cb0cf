"""Who waits is offered what becomes free: in order, by day, to one at a time; and it passes on by the clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from tests import make
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.rules import State as BookingState
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import SlotTaken
from zhixun.features.waitlist import actions, queries, rules
from zhixun.features.waitlist.actions import OfferOver, TimesFree, WaitsAlready, WaitsTooOften
from zhixun.features.waitlist.models import Offer
from zhixun.features.waitlist.rules import Wish
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
DAY = date(2026, 11, 26)
MINUTE = timedelta(minutes=1)
THURSDAY = Wish(DAY, "any", "Asia/Shanghai")


@pytest.fixture
def house(db_url):
    """Grace works one hour on Thursday, and Bob has it; Ada, Carl and Dora want it."""
    outbox.forget_all()
    with unit_of_work(now=NOW) as uow:
        grace = make.consultant(uow, hours=())
        scheduling.set_override(uow, consultant_id=grace.id, day=DAY, openings=[("10:00", "11:00")])
        bob = make.client(uow, "Bob")
        booked = make.paid_booking(uow, client=bob, consultant=grace)
        people = [make.client(uow, name) for name in ("Ada", "Carl", "Dora")]
    return grace, bob, booked, people


def join(who: Actor, grace: make.ConsultantMade, *, wish: Wish = THURSDAY, at: datetime = NOW) -> str:
    with unit_of_work(who, now=at) as uow:
        place_id = new_id()
        actions.join(uow, place_id=place_id, service_id=grace.service_id, wish=wish)
    return place_id


def free(booked: str, by: Actor, *, at: datetime = NOW) -> None:
    with unit_of_work(by, now=at) as uow:
        bookings.cancel_booking(uow, booking_id=booked)


def pass_on(grace: make.ConsultantMade, *, at: datetime = NOW) -> int:
    with unit_of_work(now=at) as uow:
        return actions.pass_on(uow, consultant_id=grace.id)


def offer_to(who: Actor, *, at: datetime = NOW) -> queries.OfferView | None:
    with Session() as db:
        found = queries.places_of(db, who.user_id, at)
    return found[0].offer if found else None


def accept(who: Actor, offer_id: str, *, at: datetime = NOW) -> bookings.BookingMade:
    with unit_of_work(who, now=at) as uow:
        return actions.accept_offer(uow, offer_id=offer_id)


def test_a_freed_time_is_kept_for_the_first_alone_and_becomes_a_booking(house):
    grace, bob, booked, (ada, carl, _) = house
    join(ada, grace)
    join(carl, grace)
    assert pass_on(grace) == 0
    free(booked, bob)
    assert pass_on(grace) == 1
    assert pass_on(grace) == 0
    kept = offer_to(ada)
    assert kept is not None
    assert offer_to(carl) is None
    with unit_of_work(carl, now=NOW) as uow, pytest.raises(SlotTaken):
        make.held_booking(uow, client=carl, consultant=grace, start=kept.starts_at)
    made = accept(ada, kept.id)
    assert accept(ada, kept.id).booking_id == made.booking_id
    with unit_of_work(now=NOW) as uow:
        make.pay(uow, made.booking_id)
        bookings.confirm_if_paid(uow, booking_id=made.booking_id)
        view = booking_queries.booking(uow.db, made.booking_id, SYSTEM, uow.now)
    assert (view.state, view.starts_at, view.client_id) == (BookingState.CONFIRMED, kept.starts_at, ada.user_id)
    assert pass_on(grace, at=NOW + rules.OFFER) == 0


def test_an_unanswered_offer_passes_to_the_next_by_the_clock_and_is_not_made_twice(house):
    grace, bob, booked, (ada, carl, _) = house
    join(ada, grace)
    join(carl, grace)
    free(booked, bob)
    pass_on(grace)
    first, later = offer_to(ada), NOW + rules.OFFER
    assert pass_on(grace, at=later - MINUTE) == 0
    assert pass_on(grace, at=later) == 1
    assert offer_to(ada, at=later) is None
    assert offer_to(carl, at=later) is not None
    with pytest.raises(OfferOver):
        accept(ada, first.id, at=later)
    assert pass_on(grace, at=later + rules.OFFER) == 0, "both have been asked: the time is free for all"
    with unit_of_work(now=later + rules.OFFER) as uow:
        assert make.slot(uow, grace) == first.starts_at


def test_who_refuses_or_leaves_lets_the_time_pass_on_at_once(house):
    grace, bob, booked, (ada, carl, dora) = house
    places = [join(one, grace) for one in (ada, carl, dora)]
    free(booked, bob)
    pass_on(grace)
    for _ in range(2):
        with unit_of_work(ada, now=NOW) as uow:
            actions.refuse_offer(uow, offer_id=_offers()[0].id)
    assert offer_to(carl) is not None
    for _ in range(2):
        with unit_of_work(carl, now=NOW) as uow:
            actions.leave(uow, place_id=places[1])
    assert offer_to(dora) is not None
    with Session() as db:
        assert [one.id for one in queries.places_of(db, ada.user_id, NOW)] == [places[0]]
        assert queries.places_of(db, carl.user_id, NOW) == []


def test_nobody_is_asked_in_their_night_and_nobody_loses_the_place_by_sleeping(house):
    grace, bob, booked, (ada, carl, _) = house
    join(ada, grace, wish=Wish(None, "any", "America/New_York"))  # 23:00 there
    join(carl, grace)
    free(booked, bob)
    pass_on(grace)
    assert offer_to(ada) is None
    assert offer_to(carl) is not None
    with unit_of_work(now=NOW) as uow:
        scheduling.set_override(uow, consultant_id=grace.id, day=DAY, openings=[("10:00", "12:00")])
    assert pass_on(grace) == 0
    morning = NOW + timedelta(hours=9)
    assert pass_on(grace, at=morning) == 2
    assert offer_to(ada, at=morning).starts_at == datetime(2026, 11, 26, 2, 0, tzinfo=UTC), "she joined first"


def test_new_hours_are_offered_too_and_only_to_whom_they_suit(house):
    grace, _, _, (ada, carl, _) = house
    join(ada, grace, wish=Wish(DAY, "evening", "Asia/Shanghai"))
    join(carl, grace, wish=Wish(DAY, "afternoon", "Asia/Shanghai"))
    with unit_of_work(now=NOW) as uow:
        scheduling.set_override(uow, consultant_id=grace.id, day=DAY, openings=[("10:00", "11:00"), ("14:00", "15:00")])
    assert pass_on(grace) == 1
    assert offer_to(ada) is None
    assert offer_to(carl).starts_at == datetime(2026, 11, 26, 6, 0, tzinfo=UTC)


def test_a_time_too_near_to_be_kept_is_offered_to_nobody(house):
    grace, _, booked, (ada, *_) = house
    join(ada, grace)
    late = datetime(2026, 11, 26, 1, 40, tzinfo=UTC)  # twenty minutes before
    free(booked, grace.actor, at=late)
    assert pass_on(grace, at=late) == 0


def test_the_list_refuses_what_makes_no_sense(house):
    grace, bob, booked, (ada, carl, _) = house
    place_id = join(ada, grace)
    with unit_of_work(ada, now=NOW) as uow:
        actions.join(uow, place_id=place_id, service_id=grace.service_id, wish=THURSDAY)
    with pytest.raises(WaitsAlready):
        join(ada, grace)
    for wish in (Wish(DAY - timedelta(days=30), "any", "UTC"), Wish(DAY, "night", "UTC"), Wish(date.max, "any", "UTC")):
        with pytest.raises(Invalid):
            join(carl, grace, wish=wish)
    with unit_of_work(carl, now=NOW) as uow, pytest.raises(NotFound):
        actions.leave(uow, place_id=place_id)
    with unit_of_work(carl, now=NOW) as uow, pytest.raises(NotFound):
        actions.join(uow, place_id=place_id, service_id=grace.service_id, wish=THURSDAY)
    free(booked, bob)
    with pytest.raises(TimesFree) as refusal:
        join(carl, grace)
    assert refusal.value.extra["alternatives"] == ["2026-11-26T02:00:00Z"]


def test_one_person_waits_in_five_lists_at_most(house):
    *_, (ada, *_) = house
    with unit_of_work(now=NOW) as uow:
        others = [make.consultant(uow, f"Name{n}", hours=()) for n in range(rules.WAITING_MAX + 1)]
    for one in others[:-1]:
        join(ada, one)
    with pytest.raises(WaitsTooOften):
        join(ada, others[-1])


def test_a_place_ends_with_its_day_and_after_three_offers_without_a_word(house):
    grace, _, _, (ada, carl, _) = house
    join(ada, grace)
    join(carl, grace, wish=Wish(None, "any", "Asia/Shanghai"))
    with unit_of_work(now=NOW) as uow:
        for day in range(3, 8):
            openings = [("10:00", "11:00")]
            scheduling.set_override(uow, consultant_id=grace.id, day=DAY + timedelta(days=day), openings=openings)
    at = NOW
    for _ in range(rules.UNANSWERED_MAX):
        assert pass_on(grace, at=at) == 1
        at += rules.OFFER
    assert pass_on(grace, at=at) == 0
    with Session() as db:
        assert queries.places_of(db, carl.user_id, at) == []
    pass_on(grace, at=datetime(2026, 11, 26, 16, 0, tzinfo=UTC))
    with Session() as db:
        assert queries.places_of(db, ada.user_id, at) == []


def test_two_frees_at_once_make_one_offer_and_a_direct_booking_and_an_offer_never_both(house):
    grace, bob, booked, (ada, carl, dora) = house
    join(ada, grace)
    join(carl, grace)
    free(booked, bob)
    start = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)

    def book_directly():
        with unit_of_work(dora, now=NOW) as uow:
            return make.held_booking(uow, client=dora, consultant=grace, start=start)

    results = all_at_once(*[lambda: pass_on(grace) for _ in range(4)], book_directly)
    offers = sum(one for one in results[:4] if isinstance(one, int))
    direct = 0 if isinstance(results[4], Conflict) else 1
    assert offers + direct == 1
    assert len(_offers()) == offers


def test_taking_the_offer_twice_at_once_with_the_clock_beside_it_makes_one_booking(house):
    grace, bob, booked, (ada, carl, _) = house
    join(ada, grace)
    join(carl, grace)
    free(booked, bob)
    pass_on(grace)
    kept, last = offer_to(ada), NOW + rules.OFFER
    results = all_at_once(
        *[lambda: accept(ada, kept.id, at=last - MINUTE) for _ in range(3)], lambda: pass_on(grace, at=last)
    )
    made = {one.booking_id for one in results[:3] if not isinstance(one, Conflict)}
    assert len(made) + results[3] == 1, "either Ada has it, or it has passed on to Carl"


def all_at_once(*tasks):
    barrier = Barrier(len(tasks))

    def run(task):
        barrier.wait()
        try:
            return task()
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def _offers() -> list[Offer]:
    with Session() as db:
        return list(db.scalars(sa.select(Offer).order_by(Offer.id)))
