"""Series: all of the times or none, one payment, and from then on each session on its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from tests import make
from zhixun.events.payments import RefundCompleted
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import SeriesMade, SeriesNotFree, SeriesUnpaid, TooManyHolds
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_of, refunds_account
from zhixun.features.loyalty import actions as loyalty
from zhixun.features.loyalty import queries as benefits
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.ports import Capture
from zhixun.features.payments.rules import Settlement, compare, purpose_of_booking
from zhixun.features.plans.queries import NOTHING_CHOSEN, Choice, CreditsUsedUp
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed
from zhixun.features.scheduling.rules import Recurrence, WeeklyHours
from zhixun.kernel import outbox
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, new_id

NOW = make.NOW
WEEK = timedelta(weeks=1)
SHANGHAI = "Asia/Shanghai"
START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
"""The next morning at ten in Shanghai."""


@pytest.fixture
def two(db_url) -> tuple[Actor, make.ConsultantMade]:
    outbox.forget_all()
    return make.pair()


def asked(
    who: Actor, grace: make.ConsultantMade, *, series_id: str = "", now=NOW, choice: Choice = NOTHING_CHOSEN, **rule
) -> SeriesMade:
    wanted = Recurrence(**({"start": START, "weeks_apart": 1, "sessions": 4, "zone": SHANGHAI} | rule))
    with unit_of_work(who, now=now) as uow:
        return actions.request_series(
            uow, series_id=series_id or new_id(), service_id=grace.service_id, wanted=wanted, choice=choice
        )


def paid(made: SeriesMade, *, charge: str = "ch_1", now=NOW, amount: Money | None = None) -> Settlement:
    with unit_of_work(now=now) as uow:
        said = payments.settle(uow, gateway="sandbox", capture=Capture(made.payment_id, charge, amount or made.total))
    for booking_id, _ in made.bookings:
        with unit_of_work(now=now) as uow:
            actions.confirm_if_paid(uow, booking_id=booking_id)
    return said


def states(made: SeriesMade, now=NOW) -> list[State]:
    with Session() as db:
        return [queries.booking(db, name, SYSTEM, now).state for name, _ in made.bookings]


def money_of(account: str) -> int:
    with Session() as db:
        assert ledger.verify(db).holds
        return ledger.balance(db, account).amount_minor


def standing() -> int:
    with Session() as db:
        return db.connection().exec_driver_sql("SELECT count(*) FROM scheduling_times WHERE standing").scalar() or 0


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


def test_unpaid_times_are_free_again_after_a_quarter_of_an_hour_and_late_money_comes_back_by_itself(two):
    ada, grace = two
    made, later = asked(ada, grace), NOW + timedelta(minutes=16)
    for name, _ in made.bookings:
        with unit_of_work(now=later) as uow:
            actions.pass_time(uow, booking_id=name)
    assert (states(made), standing()) == ([State.EXPIRED] * 4, 0)
    with unit_of_work(now=later) as uow:
        make.paid_booking(uow, client=make.client(uow, "Bob"), consultant=grace, start=START + WEEK)
    paid(made, now=later)
    assert states(made) == [State.CONFIRMED, State.CANCELLED, State.CONFIRMED, State.CONFIRMED]
    assert money_of(refunds_account("sandbox")) == 48_000


def test_one_session_cancelled_gives_back_its_own_price_and_touches_no_other(two):
    ada, grace = two
    made = asked(ada, grace)
    paid(made)
    with unit_of_work(ada, now=NOW) as uow:
        assert actions.cancel_booking(uow, booking_id=made.bookings[2][0]) == make.PRICE
    assert [money_of(escrow_of(name)) for name, _ in made.bookings] == [48_000, 48_000, 0, 48_000]
    with unit_of_work(ada, now=NOW) as uow:
        actions.reschedule_booking(uow, booking_id=made.bookings[3][0], start=START + 3 * WEEK + timedelta(hours=1))
    with pytest.raises(payments.RefundTooMuch), unit_of_work(now=NOW) as uow:
        payments.request_refund(
            uow, refund_id=new_id(), purpose=purpose_of_booking(made.bookings[0][0]), amount=Money(48_001), reason="x"
        )


def test_cancelling_the_rest_follows_the_ladder_of_each_session(two):
    ada, grace = two
    made = asked(ada, grace)
    paid(made)
    soon = START - timedelta(hours=3)
    with unit_of_work(ada, now=soon) as uow:
        view = queries.series_by_id(uow.db, made.series_id, ada, soon)
        promised = view.back_now(ada.user_id)
        back = actions.cancel_series(uow, series_id=made.series_id)
    assert [one.amount_minor for one in back.values()] == [24_000, 48_000, 48_000, 48_000]
    assert promised == Money(168_000)
    assert money_of(refunds_account("sandbox")) == 168_000
    with unit_of_work(ada, now=soon) as uow:
        assert actions.cancel_series(uow, series_id=made.series_id) == {}
    with pytest.raises(NotFound), unit_of_work(make.pair()[0], now=soon) as uow:
        actions.cancel_series(uow, series_id=made.series_id)


def test_what_went_back_of_one_session_is_known_by_that_session_and_the_rest_goes_back_once(two):
    ada, grace = two
    made = asked(ada, grace)
    paid(made)
    name, soon = made.bookings[0][0], START - timedelta(hours=3)
    purpose, rest = purpose_of_booking(name), new_id()
    with unit_of_work(ada, now=soon) as uow:
        actions.cancel_booking(uow, booking_id=name)
    for _ in range(2):
        with unit_of_work(SYSTEM, now=soon) as uow:
            back = actions.refund_booking(uow, refund_id=rest, booking_id=name, amount=None, reason="ill that morning")
            assert back == Money(24_000)
    with unit_of_work(SYSTEM, now=soon) as uow:
        assert actions.refund_booking(uow, refund_id=new_id(), booking_id=name, amount=None, reason="again") == Money(0)
        payments.record_refund(uow, refund_id=rest, provider_ref="re_1")
        assert [fact.purpose for fact in uow.facts if isinstance(fact, RefundCompleted)] == [purpose]
    with Session() as db:
        assert payment_queries.refunded_total(db, purpose) == make.PRICE
        assert [one.amount for one in payment_queries.refunds_for(db, purpose)] == [Money(24_000)] * 2
        assert payment_queries.refunded_total(db, purpose_of_booking(made.bookings[1][0])) == Money(0)


def test_a_session_let_go_before_paying_is_not_paid_for(two):
    ada, grace = two
    made = asked(ada, grace)
    with unit_of_work(ada, now=NOW) as uow:
        actions.cancel_booking(uow, booking_id=made.bookings[1][0])
        assert payment_queries.payment(uow.db, made.payment_id, ada).amount == Money(3 * 48_000)
    assert paid(made) is Settlement.WRONG_AMOUNT
    assert paid(made, charge="ch_2", amount=Money(3 * 48_000)) is Settlement.CAPTURED
    assert states(made) == [State.CONFIRMED, State.CANCELLED, State.CONFIRMED, State.CONFIRMED]


def test_paid_twice_the_second_goes_back_whole_and_the_provider_agrees_with_the_books(two):
    ada, grace = two
    made = asked(ada, grace)
    paid(made)
    assert paid(made, charge="ch_2") is Settlement.PAID_TWICE
    assert money_of(refunds_account("sandbox")) == made.total.amount_minor
    with Session() as db:
        kept = payment_queries.kept_between(db, "sandbox", from_=NOW - WEEK, until=NOW + WEEK)
    assert {one.booked for one in kept if one.subject == "charge"} == {made.total}
    gone = compare([], kept, gateway="sandbox", from_=NOW - WEEK, until=NOW + WEEK)
    [missing] = [one for one in gone if one.reference == "ch_1"]
    assert len(missing.proposed) == 5


def test_a_package_pays_for_as_many_as_it_has_and_the_rest_is_paid_with_money(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        plan = make.bought(uow, make.package(uow, grace, quantity=3, price=Money(120_000)), client=ada)
    made = asked(ada, grace, choice=Choice(use_plan=plan))
    assert made.total == make.PRICE
    with unit_of_work(ada, now=NOW) as uow:
        assert actions.choose_series_terms(uow, series_id=made.series_id, choice=NOTHING_CHOSEN) == Money(4 * 48_000)
        assert actions.choose_series_terms(uow, series_id=made.series_id, choice=Choice(use_plan=plan)) == make.PRICE
    paid(made)
    assert states(made) == [State.CONFIRMED] * 4
    bob = make.pair()[0]
    with pytest.raises(NotFound):
        asked(bob, grace, choice=Choice(use_plan=plan), start=START + timedelta(hours=1))
    with pytest.raises(CreditsUsedUp):
        asked(ada, grace, choice=Choice(use_plan=plan), start=START + timedelta(hours=1))


def test_a_package_that_covers_all_of_it_needs_no_payment(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        plan = make.bought(uow, make.package(uow, grace), client=ada)
    made = asked(ada, grace, choice=Choice(use_plan=plan))
    assert not made.total
    with unit_of_work(ada, now=NOW) as uow:
        actions.confirm_series_without_payment(uow, series_id=made.series_id)
    assert states(made) == [State.CONFIRMED] * 4


def with_benefits(ada: Actor, points: int, **coupon: object) -> None:
    with unit_of_work(now=NOW) as uow:
        coupons = make.acting(uow, make.operator(uow))
        uow.db.flush()
        make.coupon(coupons, **coupon)
        loyalty.give_courtesy(uow, booking_id=new_id(), person_id=ada.user_id, points=points)


def test_a_coupon_and_points_pay_session_by_session_and_go_back_with_each_to_the_cent(two):
    ada, grace = two
    with_benefits(ada, 17_000, per_person_max=2)
    made = asked(ada, grace)
    with unit_of_work(ada, now=NOW) as uow:
        chosen = Choice(coupon="WELCOME50", points=17_000)
        for _ in range(2):
            total = actions.choose_series_terms(uow, series_id=made.series_id, choice=chosen)
    parts = [parts_of(one) for one, _ in made.bookings]
    assert parts == [(5_000, 12_900, 30_100), (5_000, 4_100, 38_900), (0, 0, 48_000), (0, 0, 48_000)]
    assert total == Money(sum(left for _, _, left in parts))
    paid(made, amount=total)
    assert states(made) == [State.CONFIRMED] * 4
    assert [money_of(escrow_of(one)) for one, _ in made.bookings] == [48_000] * 4
    first, second = made.bookings[0][0], made.bookings[1][0]
    with unit_of_work(ada, now=START - timedelta(hours=3)) as uow:
        assert actions.cancel_booking(uow, booking_id=first) == Money(15_050)
    assert (money_of("platform:coupons"), standing_of(ada)) == (-5_000 - 5_000 + 2_500, 6_450)
    with unit_of_work(ada, now=NOW) as uow:
        assert actions.cancel_booking(uow, booking_id=second) == Money(38_900)
    assert (money_of("platform:coupons"), standing_of(ada)) == (-2_500, 10_550)
    with Session() as db:
        assert ledger.verify(db).holds


def test_a_coupon_that_cannot_pay_for_the_first_session_is_refused_and_nothing_is_held(two):
    ada, grace = two
    with_benefits(ada, 0, minimum_minor=90_000)
    with pytest.raises(CouponRefused):
        asked(ada, grace, choice=Choice(coupon="WELCOME50"))
    with pytest.raises(CouponRefused):
        asked(ada, grace, choice=Choice(coupon="NONSENSE"))
    assert standing() == 0


def test_a_hold_that_ends_gives_coupon_and_points_back(two):
    ada, grace = two
    with_benefits(ada, 2_000)
    made = asked(ada, grace, choice=Choice(coupon="WELCOME50", points=2_000))
    assert (made.total, standing_of(ada)) == (Money(4 * 48_000 - 5_000 - 2_000), 0)
    for booking_id, _ in made.bookings:
        with unit_of_work(now=NOW + timedelta(minutes=16)) as uow:
            actions.pass_time(uow, booking_id=booking_id)
    assert (standing_of(ada), money_of("platform:coupons")) == (2_000, 0)


def parts_of(booking_id: str) -> tuple[int, int, int]:
    """What a coupon and points pay of a session, and what is left for its client."""
    with Session() as db:
        view = queries.booking(db, booking_id, SYSTEM, NOW)
        counter = benefits.counter(db, booking_id=booking_id, person_id=view.client_id, now=NOW)
        off = 48_000 - view.price.amount_minor - counter.points_used
        return off, counter.points_used, view.price.amount_minor


def standing_of(who: Actor) -> int:
    with Session() as db:
        return benefits.standing(db, who.user_id, NOW).balance


@pytest.mark.parametrize("attempt", range(2))
def test_of_two_series_that_want_overlapping_times_at_once_one_is_whole_and_nothing_of_the_other_is_held(two, attempt):
    _, grace = two
    with unit_of_work(now=NOW) as uow:
        people = [make.client(uow, f"Bob{n}") for n in range(6)]
    starts = [START, START + WEEK, START + 2 * WEEK] * 2
    answers = _at_once([(who, grace, {"start": at, "sessions": 6}) for who, at in zip(people, starts, strict=True)])
    whole = [one for one in answers if isinstance(one, SeriesMade)]
    assert len(whole) == 1
    assert all(isinstance(one, SeriesNotFree) and one.extra["dates"] for one in answers if one not in whole)
    assert standing() == 6


def _at_once(wanted: list) -> list:
    barrier = Barrier(len(wanted))

    def run(one):
        who, grace, rule = one
        barrier.wait()
        try:
            return asked(who, grace, **rule)
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(run, wanted))


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
