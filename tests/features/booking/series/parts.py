"""A series and its money, as the tests of series speak of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from tests import make
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import SeriesMade
from zhixun.features.booking.rules import State
from zhixun.features.ledger import queries as ledger
from zhixun.features.loyalty import actions as loyalty
from zhixun.features.loyalty import queries as benefits
from zhixun.features.payments import actions as payments
from zhixun.features.payments.ports import Capture
from zhixun.features.payments.rules import Settlement
from zhixun.features.plans.queries import NOTHING_CHOSEN, Choice
from zhixun.features.scheduling.rules import Recurrence
from zhixun.kernel.errors import Conflict
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, new_id

NOW = make.NOW
WEEK = timedelta(weeks=1)
SHANGHAI = "Asia/Shanghai"
START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
"""The next morning at ten in Shanghai."""


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


def with_benefits(ada: Actor, points: int, **coupon: object) -> None:
    with unit_of_work(now=NOW) as uow:
        coupons = make.acting(uow, make.operator(uow))
        uow.db.flush()
        make.coupon(coupons, **coupon)
        loyalty.give_courtesy(uow, booking_id=new_id(), person_id=ada.user_id, points=points)


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


def at_once(wanted: list) -> list:
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
