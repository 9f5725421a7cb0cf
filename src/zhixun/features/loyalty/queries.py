from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, SelectBase, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.queries import EntryLine
from zhixun.features.ledger.rules import points_account
from zhixun.kernel.errors import N_, Conflict
from zhixun.kernel.values import Money, Words

from . import rules
from .models import CouponRow, CouponUse, Lot, Spend
from .rules import Coupon, Tier, Wanted

LISTED_MAX = 6


class CouponRefused(Conflict):
    code, message = "coupon_refused", N_("This coupon cannot be used here.")


@dataclass(frozen=True)
class Applied:
    """A coupon that can be used, and what it takes off."""

    coupon_id: str
    code: str
    title: Words
    off: Money


@dataclass(frozen=True)
class Standing:
    """Someone's points and tier. `value_minor` was paid for sessions within twelve months."""

    balance: int
    value_minor: int
    tier: Tier
    next: Tier | None
    expiring: int
    expires_at: datetime | None
    """The first day on which some of them expire, and how many."""


@dataclass(frozen=True)
class ListedCoupon:
    """A coupon that anyone may see, in words: what it gives, and whom."""

    code: str
    title: Words
    minimum: Money
    last_moment: datetime
    first_booking: bool


@dataclass(frozen=True)
class Counter:
    """What the checkout shows: the coupon and the points in use, what could be used, and what is on offer."""

    coupon_code: str
    points_used: int
    balance: int
    tier: Tier
    listed: tuple[ListedCoupon, ...]


def coupon_for(db: Session, *, code: str, person_id: str, wanted: Wanted) -> Applied:
    """What a code gives here. Raises CouponRefused with the reason. Two statements."""
    row = db.scalar(select(CouponRow).where(CouponRow.code == rules.clean_code(code)))
    if row is None:
        raise CouponRefused(N_("We do not know this code."))
    before = db.scalar(
        select(func.count()).where(
            CouponUse.coupon_id == row.id, CouponUse.person_id == person_id, CouponUse.counts
        )
    )  # fmt: skip
    coupon = coupon_view(row)
    asked = Wanted(
        wanted.price, wanted.field_id, wanted.consultant_id, wanted.first_booking, wanted.now, before or 0
    )  # fmt: skip
    if reason := rules.why_not(coupon, asked):
        raise CouponRefused(reason)
    return Applied(coupon.id, coupon.code, coupon.title, rules.coupon_off(coupon, wanted.price))


def standing(db: Session, person_id: str, now: datetime) -> Standing:
    """Someone's points, tier and what expires next. One statement."""
    usable = (Lot.person_id == person_id) & (Lot.expires_at > now) & (Lot.left_points > 0)
    valued = (Lot.person_id == person_id) & (Lot.earned_at > now - rules.VALUE_OVER)
    first = select(func.min(Lot.expires_at)).where(usable).scalar_subquery()
    row = db.execute(
        select(
            select(func.coalesce(func.sum(Lot.left_points), 0)).where(usable).scalar_subquery(),
            select(func.coalesce(func.sum(Lot.paid_minor), 0)).where(valued).scalar_subquery(),
            first,
            select(func.coalesce(func.sum(Lot.left_points), 0))
            .where(usable, Lot.expires_at == first)
            .scalar_subquery(),
        )
    ).one()
    value = int(row[1])
    return Standing(int(row[0]), value, rules.tier_of(value), rules.next_tier(value), int(row[3]), row[2])


def values_of(db: Session, now: datetime) -> dict[str, int]:
    """Person → what they paid within twelve months, in minor units; see `rules.tier_of`. One statement."""
    valued = select(Lot.person_id, func.sum(Lot.paid_minor)).where(Lot.earned_at > now - rules.VALUE_OVER)
    return {person: int(minor) for person, minor in db.execute(valued.group_by(Lot.person_id))}


def coupon_by_code(db: Session, code: str) -> Coupon | None:
    row = db.scalar(select(CouponRow).where(CouponRow.code == rules.clean_code(code)))
    return coupon_view(row) if row else None


def history(db: Session, person_id: str, *, limit: int = 50) -> list[EntryLine]:
    """What was earned, spent, given back and what expired, the newest first: entries of the books, in points."""
    return ledger.entries(db, points_account(person_id), limit=limit)


def counter(
    db: Session, *, booking_id: str, person_id: str, now: datetime, field_id: str = "", consultant_id: str = ""
) -> Counter:
    """All that the checkout asks of coupons and points. With a field and a consultant, the listed coupons are those that
    can be used there and that this person has uses of left. One statement."""
    used = (
        select(CouponRow.code)
        .join(CouponUse, CouponUse.coupon_id == CouponRow.id)
        .where(CouponUse.booking_id == booking_id, CouponUse.counts)
    )
    spent = select(Spend.points - Spend.returned_points).where(Spend.booking_id == booking_id)
    usable = select(func.coalesce(func.sum(Lot.left_points), 0)).where(Lot.person_id == person_id, Lot.expires_at > now)
    value = select(func.coalesce(func.sum(Lot.paid_minor), 0)).where(
        Lot.person_id == person_id, Lot.earned_at > now - rules.VALUE_OVER
    )
    row = db.execute(
        select(
            used.scalar_subquery(), spent.scalar_subquery(), usable.scalar_subquery(), value.scalar_subquery(),
            _as_json(_listed(now, field_id, consultant_id, person_id)),
        )
    ).one()  # fmt: skip
    return Counter(
        row[0] or "", int(row[1] or 0), int(row[2]), rules.tier_of(int(row[3])),
        tuple(_listed_line(one, now) for one in row[4]),
    )  # fmt: skip


def spent_on(db: Session, booking_ids: Collection[str]) -> int:
    """How many points pay for these bookings now. One statement."""
    mine = select(func.coalesce(func.sum(Spend.points - Spend.returned_points), 0))
    return int(db.scalar(mine.where(Spend.booking_id.in_(booking_ids))) or 0)


def listed_coupons(db: Session, now: datetime) -> list[ListedCoupon]:
    """The coupons that anyone may see. One statement."""
    return [_listed_line(one, now) for one in db.execute(select(_as_json(_listed(now)))).scalar_one()]


def coupons(db: Session, *, limit: int = 100) -> list[Coupon]:
    """Every coupon of the house, the newest first, for those who give discounts. One statement."""
    rows = db.scalars(select(CouponRow).order_by(CouponRow.created_at.desc(), CouponRow.id.desc()).limit(limit))
    return [coupon_view(row) for row in rows]


def due_to_expire(db: Session, now: datetime, *, after: str = "", limit: int = 200) -> list[str]:
    """Ids of lots with points whose time is over, ascending; `after` pages on."""
    due = select(Lot.id).where(Lot.left_points > 0, Lot.expires_at <= now, Lot.id > after)
    return list(db.scalars(due.order_by(Lot.id).limit(limit)))


def coupon_view(row: CouponRow) -> Coupon:
    return Coupon(
        row.id, row.code, row.title, row.kind, row.percent_bps, row.amount_minor, row.off_max_minor, row.minimum_minor,
        row.field_id, row.consultant_id, row.first_booking, row.listed, row.valid_from, row.valid_until,
        row.per_person_max, row.uses_max, row.budget_minor, row.used, row.spent_minor, row.paused,
    )  # fmt: skip


def _listed(now: datetime, field_id: str = "", consultant_id: str = "", person_id: str = "") -> SelectBase:
    free = (CouponRow.uses_max.is_(None)) | (CouponRow.used < CouponRow.uses_max)
    if field_id:
        free &= CouponRow.field_id.is_(None) | (CouponRow.field_id == field_id)
    if consultant_id:
        free &= CouponRow.consultant_id.is_(None) | (CouponRow.consultant_id == consultant_id)
    if person_id:
        theirs = (CouponUse.coupon_id == CouponRow.id) & (CouponUse.person_id == person_id) & CouponUse.counts
        free &= select(func.count()).where(theirs).scalar_subquery() < CouponRow.per_person_max
    return (
        select(
            CouponRow.code, CouponRow.title, CouponRow.minimum_minor, CouponRow.first_booking,
            func.extract("epoch", CouponRow.valid_until).label("ends"),
        )
        .where(CouponRow.listed, ~CouponRow.paused, CouponRow.valid_from <= now, CouponRow.valid_until > now, free)
        .order_by(CouponRow.valid_until, CouponRow.id)
        .limit(LISTED_MAX)
    )  # fmt: skip


def _as_json(wanted: SelectBase) -> ScalarSelect[Any]:
    rows = wanted.subquery()
    found = func.jsonb_agg(func.to_jsonb(rows.table_valued()))
    return select(func.coalesce(found, cast([], JSONB))).select_from(rows).scalar_subquery()


def _listed_line(one: Mapping[str, Any], now: datetime) -> ListedCoupon:
    return ListedCoupon(
        one["code"], Words.of(one["title"]), Money(one["minimum_minor"]),
        rules.last_moment(datetime.fromtimestamp(float(one["ends"]), now.tzinfo)), one["first_booking"],
    )  # fmt: skip
