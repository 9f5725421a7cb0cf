"""Several sessions at once: held together or not at all, paid together, and from then on each on its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from zhixun.features.booking import queries, rules
from zhixun.features.booking.models import Booking, Series
from zhixun.features.booking.rules import State
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.loyalty import queries as loyalty
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.payments import actions as payments
from zhixun.features.payments.rules import purpose_of_booking, purpose_of_series
from zhixun.features.plans import actions as plans
from zhixun.features.plans.queries import NOTHING_CHOSEN, Choice, CreditsUsedUp, PlanDoesNotFit
from zhixun.features.plans.rules import Quote
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed, NotOffered, SlotTaken
from zhixun.features.scheduling.rules import Recurrence, Slot, check_recurrence, sessions_of
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, is_id, new_id

from .asking import after_own_other_requests, held, sold_service
from .cancelling import cancel_booking
from .paying import confirm_if_paid
from .record import TooLate, price_of
from .terms import choose_terms


class SeriesNotFree(Conflict):
    """Nothing is held; `dates` names the ones that are in the way, each with what is free near it."""

    code = "series_not_free"
    message = N_(
        "Some of these dates are not free. Nothing is held yet: choose another time for them or leave them out."
    )


class SeriesUnpaid(Conflict):
    code, message = "series_unpaid", N_("You are holding a series already. Please pay for it or let it go first.")


@dataclass(frozen=True)
class SeriesMade:
    series_id: str
    bookings: tuple[tuple[str, datetime], ...]
    """Id and start of each session, soonest first."""
    hold_expires_at: datetime
    total: Money
    payment_id: str


def request_series(
    uow: UnitOfWork,
    *,
    series_id: str,
    service_id: str,
    wanted: Recurrence,
    choice: Choice = NOTHING_CHOSEN,
    gateway: str = "sandbox",
) -> SeriesMade:
    """Hold every wanted time of a series for the asker, all or none, and ask once for the money of all. The same
    `series_id` twice is done once.

    One series waits for its money at a time, and it counts as one of the asker's holds. Raises NotFound, HoldIdUsed,
    SeriesNotFree, SeriesUnpaid, TooManyHolds, OwnService, NotBetweenThem, Invalid, PlanDoesNotFit, CreditsUsedUp,
    CouponRefused.
    """
    if not is_id(series_id):
        raise Invalid
    check_recurrence(wanted)
    after_own_other_requests(uow)
    if (known := _known(uow, series_id, service_id, wanted)) is not None:
        return known
    if queries.has_unpaid_series(uow.db, uow.actor.user_id, uow.now):
        raise SeriesUnpaid
    sold = sold_service(uow, service_id)
    service = sold.service
    slots = _held_times(uow, series_id, service, wanted)
    payment_id, expires_at = new_id(), uow.now + rules.HOLD
    quotes = _quotes(uow, service, slots, choice.use_plan)
    payments.request_joint_payment(
        uow, payment_id=payment_id, payer_id=uow.actor.user_id, purpose=purpose_of_series(series_id), gateway=gateway,
        parts={purpose_of_booking(name): quote.total for name, quote in quotes.items()}, expires_at=expires_at,
    )  # fmt: skip
    uow.db.add(
        Series(
            id=series_id, client_id=uow.actor.user_id, consultant_id=service.consultant_id, service_id=service_id,
            payment_id=payment_id, starts_at=wanted.start, weeks_apart=wanted.weeks_apart, sessions=wanted.sessions,
            zone=wanted.zone, created_at=uow.now,
        )
    )  # fmt: skip
    for name, slot in slots.items():
        held(
            uow, booking_id=name, sold=sold, slot=slot, quote=quotes[name], payment_id=payment_id,
            expires_at=expires_at, series_id=series_id,
        )  # fmt: skip
    uow.db.flush()
    if not choice.use_plan and (choice.coupon or choice.points):
        choose_series_terms(uow, series_id=series_id, choice=choice)
    return _made(_rows(uow, series_id))


def choose_series_terms(uow: UnitOfWork, *, series_id: str, choice: Choice) -> Money:
    """Pay a held series in another way: with a plan for as many sessions as it has left, or with a coupon for as many as
    it may be used for and points over as many as they last, the soonest first; the rest with money. Each session keeps
    its own part of it, which goes back with that session. Returns what is left to pay.

    Raises NotFound, TooLate, AlreadyPaid, PlanDoesNotFit, CreditsUsedUp, CouponRefused.
    """
    after_own_other_requests(uow)
    rows = [row for row in _rows(uow, series_id) if row.state == State.HELD]
    if not rows or rows[0].hold_expires_at <= uow.now:
        raise TooLate
    if rows[0].client_id != uow.actor.user_id:
        raise NotFound
    for row in rows:  # what was taken before goes back first, so that the soonest sessions have it
        choose_terms(uow, booking_id=row.id, choice=NOTHING_CHOSEN)
    if choice.use_plan:
        choice = replace(NOTHING_CHOSEN, use_plan=choice.use_plan)
    left = choice
    for row in rows:
        if left == NOTHING_CHOSEN:
            break
        left = _pay_with(uow, row, left, first=row is rows[0])
    return _sum(rows)


def _pay_with(uow: UnitOfWork, row: Booking, left: Choice, *, first: bool) -> Choice:
    """One session with what is left of a choice; returns what is left after it. What cannot pay for the first session
    is refused, what cannot pay for a later one has paid for those before."""
    try:
        choose_terms(uow, booking_id=row.id, choice=left)
    except (PlanDoesNotFit, CreditsUsedUp, CouponRefused):
        if first:
            raise
        left = replace(left, use_plan="", coupon="")
        choose_terms(uow, booking_id=row.id, choice=left)
    if not left.points:
        return left
    used = loyalty.spent_on(uow.db, [row.id])
    return replace(left, points=left.points - used if used else 0)


def confirm_series_without_payment(uow: UnitOfWork, *, series_id: str) -> None:
    """The client agrees to a series with nothing left to pay. Where something is, nothing happens. Raises NotFound."""
    rows = _rows(uow, series_id)
    if rows[0].client_id != uow.actor.user_id:
        raise NotFound
    payments.settle_nothing(uow, payment_id=rows[0].payment_id)
    for row in rows:
        confirm_if_paid(uow, booking_id=row.id)


def cancel_series(uow: UnitOfWork, *, series_id: str) -> dict[str, Money]:
    """End what is left of a series, each session as if it were cancelled by itself; returns booking id → what the
    client gets back for it. What has begun or ended stays as it is. Nothing left is fine. Raises NotFound."""
    view = queries.series_by_id(uow.db, series_id, uow.actor, uow.now)
    if uow.actor.user_id not in (view.client_id, view.consultant_id):
        raise NotFound
    _rows(uow, series_id)  # all are locked before the first is cancelled, so that nobody waits in a ring
    view = queries.series_by_id(uow.db, series_id, uow.actor, uow.now)
    return {one.id: cancel_booking(uow, booking_id=one.id) for one in view.to_cancel}


def _known(uow: UnitOfWork, series_id: str, service_id: str, wanted: Recurrence) -> SeriesMade | None:
    row = uow.db.get(Series, series_id)
    if row is None:
        return None
    if row.client_id != uow.actor.user_id:
        raise NotFound
    asked = (service_id, wanted.start, wanted.weeks_apart, wanted.sessions)
    if (row.service_id, row.starts_at, row.weeks_apart, row.sessions) != asked:
        raise HoldIdUsed
    return _made(_rows(uow, series_id))


def _held_times(uow: UnitOfWork, series_id: str, service: ServiceView, wanted: Recurrence) -> dict[str, Slot]:
    """Booking id → the time held for it. Where one cannot be had, all that cannot are looked up, and none is held."""
    slots: dict[str, Slot] = {}
    refused: list[tuple[int, datetime]] = []
    for number, start in sessions_of(wanted).items():
        name = _booking_id(series_id, number)
        try:
            slots[name] = scheduling.hold_time(
                uow, hold_id=name, consultant_id=service.consultant_id, terms=queries.terms_in_series(service, number),
                start=start, expires_at=uow.now + rules.HOLD, owner_id=uow.actor.user_id,
            )  # fmt: skip
        except (SlotTaken, NotOffered):
            refused.append((number, start))
    if refused:
        raise SeriesNotFree(extra={"dates": [_in_the_way(uow, service, number, start) for number, start in refused]})
    return slots


def _booking_id(series_id: str, number: int) -> str:
    """Made of the series' id, so that asking twice names the same bookings."""
    return hashlib.sha256(f"series:{series_id}:{number}".encode()).hexdigest()[:32]


def _in_the_way(uow: UnitOfWork, service: ServiceView, number: int, start: datetime) -> dict[str, object]:
    near = queries.nearest_in_series(uow.db, service=service, number=number, start=start, now=uow.now)
    return {"number": number, "start": _written(start), "alternatives": [_written(one) for one in near]}


def _quotes(uow: UnitOfWork, service: ServiceView, slots: dict[str, Slot], use_plan: str) -> dict[str, Quote]:
    quotes: dict[str, Quote] = {}
    plan = use_plan
    for name, slot in slots.items():
        try:
            quotes[name] = _taken(uow, service, name, slot, plan)
        except (PlanDoesNotFit, CreditsUsedUp):
            if not quotes:
                raise
            plan = ""  # the plan pays for as many as it can, the others are paid for with money
            quotes[name] = _taken(uow, service, name, slot, plan)
    return quotes


def _taken(uow: UnitOfWork, service: ServiceView, name: str, slot: Slot, use_plan: str) -> Quote:
    return plans.take(
        uow, booking_id=name, person_id=uow.actor.user_id, service=service, starts_at=slot.start, asked_at=uow.now,
        brief="", choice=replace(NOTHING_CHOSEN, use_plan=use_plan),
    )  # fmt: skip


def _rows(uow: UnitOfWork, series_id: str) -> Sequence[Booking]:
    """The bookings of a series, locked in one order, soonest first. Raises NotFound."""
    found = select(Booking).where(Booking.series_id == series_id).order_by(Booking.id).with_for_update()
    rows = uow.db.scalars(found.execution_options(populate_existing=True)).all()
    if not rows:
        raise NotFound
    return sorted(rows, key=lambda row: row.starts_at)


def _made(rows: Sequence[Booking]) -> SeriesMade:
    bookings = tuple((row.id, row.starts_at) for row in rows)
    return SeriesMade(rows[0].series_id or "", bookings, rows[0].hold_expires_at, _sum(rows), rows[0].payment_id)


def _sum(rows: Sequence[Booking]) -> Money:
    return sum((price_of(row) for row in rows[1:]), price_of(rows[0]))


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
