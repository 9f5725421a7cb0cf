"""Paying for a booking with a plan or with what the house adds: taken when it is held, given back when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from zhixun.features.catalog.rules import ServiceView
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger.rules import COUPONS, POINTS_COST, Line, escrow_of
from zhixun.features.loyalty import actions as loyalty
from zhixun.features.loyalty.rules import POINT_MINOR
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.plans import queries, rules
from zhixun.features.plans.models import Funding, Holding
from zhixun.features.plans.queries import Choice
from zhixun.features.plans.rules import REOPENED_FOR, Quote
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, is_id, new_id

from .buying import earn_membership


class GoneMeanwhile(Conflict):
    code, message = "gone_meanwhile", N_("What was to pay for this booking has been used elsewhere.")


def take(
    uow: UnitOfWork,
    *,
    booking_id: str,
    person_id: str,
    service: ServiceView,
    starts_at: datetime,
    asked_at: datetime,
    brief: str,
    choice: Choice,
    anew: bool = False,
) -> Quote:
    """The quote of a booking, and what it takes from others than its client: units of a plan leave it, and the money
    they stand for waits in the booking's escrow like all money does. Choosing `anew` gives back what was taken before.

    The plan is locked before it is looked at, so that of two who take the last session one is refused. Raises NotFound,
    PlanDoesNotFit, CreditsUsedUp.
    """
    if choice.use_plan:
        _lock_plan(uow, choice.use_plan, person_id)
    if choice.coupon or choice.points:
        loyalty.one_at_a_time(uow)
    if anew:
        _undo(uow, booking_id)
    quote = queries.quote(
        uow.db, service=service, starts_at=starts_at, now=asked_at, brief=brief, person_id=person_id, choice=choice,
        used_at=uow.now,
    )  # fmt: skip
    if quote.parts or quote.holding_id:
        _book(uow, booking_id, person_id, quote)
    return quote


def return_benefits(uow: UnitOfWork, *, booking_id: str, share_bps: int) -> None:
    """Give back a share of what paid for a booking beside its client's money: to each source its part, and to the plan
    its units. Once; what has gone back does not go back again."""
    funding = uow.db.get(Funding, booking_id, with_for_update=True, populate_existing=True)
    if funding is None or not share_bps or funding.returned_at is not None:
        return
    _return(uow, funding, share_bps)


def take_again(uow: UnitOfWork, *, booking_id: str) -> bool:
    """A booking whose hold had ended is paid after all: take the same once more. False where too little is left; then
    nothing is taken."""
    funding = uow.db.get(Funding, booking_id, with_for_update=True, populate_existing=True)
    if funding is None or funding.returned_at is None:
        return True
    try:
        with uow.db.begin_nested():
            _take_again(uow, funding)
    except GoneMeanwhile:
        return False
    return True


def _take_again(uow: UnitOfWork, funding: Funding) -> None:
    if any(part["account"] in (COUPONS, POINTS_COST) for part in funding.parts):
        loyalty.one_at_a_time(uow)
    if funding.holding_id is not None:
        holding = uow.db.get_one(Holding, funding.holding_id, with_for_update=True, populate_existing=True)
        if holding.state != "active" or holding.left_units < funding.units:
            raise GoneMeanwhile
        holding.left_units -= funding.units
    if not loyalty.use_coupon_again(uow, booking_id=funding.booking_id):
        raise GoneMeanwhile
    if not loyalty.spend_points_again(uow, booking_id=funding.booking_id):
        raise GoneMeanwhile
    _into_escrow(uow, funding)
    funding.returned_minor = funding.returned_units = 0
    funding.returned_at = None


def _lock_plan(uow: UnitOfWork, holding_id: str, person_id: str) -> None:
    if not is_id(holding_id):
        raise NotFound
    mine = select(Holding).where(Holding.id == holding_id, Holding.person_id == person_id).with_for_update()
    if uow.db.scalar(mine.execution_options(populate_existing=True)) is None:
        raise NotFound


def _undo(uow: UnitOfWork, booking_id: str) -> None:
    """Take nothing any more for this booking: all of it goes back, and the line is gone."""
    funding = uow.db.get(Funding, booking_id, with_for_update=True, populate_existing=True)
    if funding is None:
        return
    if funding.returned_at is None:
        _return(uow, funding, 10_000)
    uow.db.delete(funding)
    loyalty.forget_benefits(uow, booking_id=booking_id)
    uow.db.flush()


def _book(uow: UnitOfWork, booking_id: str, person_id: str, quote: Quote) -> None:
    if quote.holding_id:
        holding = uow.db.get_one(Holding, quote.holding_id)
        holding.left_units -= quote.units
    for part in quote.parts:
        if part.account == COUPONS:
            loyalty.use_coupon(
                uow, booking_id=booking_id, person_id=person_id, coupon_id=quote.coupon_id, off=part.amount
            )
        if part.account == POINTS_COST:
            loyalty.spend_points(uow, booking_id=booking_id, person_id=person_id, points=quote.points)
    funding = Funding(
        booking_id=booking_id, person_id=person_id, holding_id=quote.holding_id or None, units=quote.units,
        parts=[{"account": part.account, "amount_minor": part.amount.amount_minor} for part in quote.parts],
        currency=quote.total.currency, returned_minor=0, returned_units=0, at=uow.now,
        returned_at=None,
    )  # fmt: skip
    uow.db.add(funding)
    uow.db.flush()
    _into_escrow(uow, funding)


def _into_escrow(uow: UnitOfWork, funding: Funding) -> None:
    amounts = [(part["account"], Money(part["amount_minor"], funding.currency)) for part in funding.parts]
    whole = sum((amount for _, amount in amounts), Money(0, funding.currency))
    if not whole:
        return
    ledger.post(
        uow, key=f"use:{funding.booking_id}:{new_id()}", kind="use", purpose=purpose_of_booking(funding.booking_id),
        lines=[*(Line(account, -amount) for account, amount in amounts), Line(escrow_of(funding.booking_id), whole)],
    )  # fmt: skip


def _return(uow: UnitOfWork, funding: Funding, share_bps: int) -> None:
    if any(part["account"] in (COUPONS, POINTS_COST) for part in funding.parts):
        loyalty.one_at_a_time(uow)
    holding = None
    if funding.holding_id is not None:  # locked before any account is, as by all who end or renew a plan
        holding = uow.db.get_one(Holding, funding.holding_id, with_for_update=True, populate_existing=True)
    whole = Money(sum(part["amount_minor"] for part in funding.parts), funding.currency)
    back = whole.share_bps(share_bps)
    shares = rules.split_back([part["amount_minor"] for part in funding.parts], so_far=0, more=back.amount_minor)
    lines = [
        Line(part["account"], Money(share, funding.currency))
        for part, share in zip(funding.parts, shares, strict=True)
        if share
    ]
    if back:
        ledger.post(
            uow, key=f"unuse:{funding.booking_id}:{new_id()}", kind="unuse",
            purpose=purpose_of_booking(funding.booking_id), lines=[Line(escrow_of(funding.booking_id), -back), *lines],
        )  # fmt: skip
    _benefits_back(uow, funding, shares)
    funding.returned_minor, funding.returned_at = back.amount_minor, uow.now
    if holding is not None:
        funding.returned_units = funding.units * share_bps // 10_000
        _units_back(uow, holding, funding.returned_units)
    uow.db.flush()


def _benefits_back(uow: UnitOfWork, funding: Funding, shares: Sequence[int]) -> None:
    for part, share in zip(funding.parts, shares, strict=True):
        if part["account"] == COUPONS:
            loyalty.return_coupon(uow, booking_id=funding.booking_id, back=Money(share, funding.currency))
        if part["account"] == POINTS_COST:
            loyalty.return_points(uow, booking_id=funding.booking_id, points=share // POINT_MINOR)


def _units_back(uow: UnitOfWork, holding: Holding, units: int) -> None:
    """Into the plan they came from. A package that has ended opens again for a while, so that they can be used; a
    membership's month that is over stays over."""
    if holding.state == "ended" and holding.kind == "membership":
        earn_membership(uow, holding)
        return
    holding.left_units = min(holding.quantity_units, holding.left_units + units)
    if holding.state == "ended" and units:
        holding.state, holding.ended_reason = "active", None
        holding.expires_at = max(holding.expires_at, uow.now + REOPENED_FOR)
