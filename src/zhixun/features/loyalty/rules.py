"""Coupons, points and tiers: what each gives, to whom, and until when. Values in, values out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{2,23}")
CODES_TRIED_MAX, CODES_TRIED_SECONDS = 30, 600
"""How often one person may say a code, so that nobody finds those that were not meant for them by trying."""
KINDS = ("percent", "amount")
NAME_LENGTH_MAX, NAMED_MAX, OFFERED_NAMES_MAX = 80, 20, 300
"""Of what is typed to name a consultant, of those it may mean, and of the names the form offers."""
TITLE_LENGTH_MAX = 60
PERCENT_BPS_MAX = 9_000
AMOUNT_MINOR_MAX = 1_000_000
USES_MAX = 1_000_000
BUDGET_MINOR_MAX = 10_000_000_000

POINT_MINOR = 1
"""What a point is worth at the checkout, in the smallest unit: 100 points are one yuan."""
POINTS_STEP = 100
PAID_MINOR_PER_POINT = 100
"""One point for each whole yuan paid."""
POINTS_LAST = timedelta(days=365)
RETURNED_LAST = timedelta(days=30)
"""Points that come back after their time can be used so long."""
COURTESY_BPS, COURTESY_MAX = 1_000, 10_000
"""A tenth of the price in points, and never more than these."""
VALUE_OVER = timedelta(days=365)


@dataclass(frozen=True)
class Tier:
    """`from_minor` paid within twelve months; `earn_bps` of the points of everyone; points pay up to `share_bps`."""

    name: str
    title: Words
    from_minor: int
    earn_bps: int
    share_bps: int


TIERS = (
    Tier("green", Words("青叶", "Leaf"), 0, 10_000, 3_000),
    Tier("silver", Words("银叶", "Silver leaf"), 200_000, 11_000, 4_000),
    Tier("gold", Words("金叶", "Gold leaf"), 800_000, 12_500, 5_000),
)
"""Benefits are data: a fourth tier is a line."""


@dataclass(frozen=True)
class Coupon:
    """What a coupon gives and whom. None means no limit; amounts in minor units of CNY."""

    id: str
    code: str
    title: Words
    kind: str
    percent_bps: int
    amount_minor: int
    off_max_minor: int | None
    minimum_minor: int
    field_id: str | None
    consultant_id: str | None
    first_booking: bool
    listed: bool
    valid_from: datetime
    valid_until: datetime
    per_person_max: int
    uses_max: int | None
    budget_minor: int | None
    used: int
    spent_minor: int
    paused: bool

    @property
    def last_moment(self) -> datetime:
        return last_moment(self.valid_until)


@dataclass(frozen=True)
class Wanted:
    """The session a coupon is to be used for, and how often this person has used it before."""

    price: Money
    field_id: str
    consultant_id: str
    first_booking: bool
    now: datetime
    used_before: int


def last_moment(valid_until: datetime) -> datetime:
    """What a page names as the end: a coupon that ends at midnight is good on the day before, not on the day after."""
    return valid_until - timedelta(seconds=1)


def coupon_off(coupon: Coupon, price: Money) -> Money:
    """What it takes off this price: never more than the price, its own maximum, or what is left of its budget."""
    off = price.share_bps(coupon.percent_bps).amount_minor if coupon.kind == "percent" else coupon.amount_minor
    limits = [off, price.amount_minor]
    if coupon.off_max_minor is not None:
        limits.append(coupon.off_max_minor)
    if coupon.budget_minor is not None:
        limits.append(max(0, coupon.budget_minor - coupon.spent_minor))
    return Money(min(limits), price.currency)


def why_not(coupon: Coupon, wanted: Wanted) -> str | None:
    """The sentence that says why it cannot be used here; None where it can."""
    if coupon.paused or not coupon.valid_from <= wanted.now < coupon.valid_until:
        return N_("This coupon is not valid now.")
    if coupon.uses_max is not None and coupon.used >= coupon.uses_max:
        return N_("This coupon has been used up.")
    if wanted.used_before >= coupon.per_person_max:
        return N_("You have used this coupon already.")
    if coupon.first_booking and not wanted.first_booking:
        return N_("This coupon is for a first booking.")
    if coupon.consultant_id not in (None, wanted.consultant_id) or coupon.field_id not in (None, wanted.field_id):
        return N_("This coupon is for other consultants.")
    if wanted.price.amount_minor < coupon.minimum_minor:
        return N_("The price is below what this coupon asks for.")
    if wanted.price.currency != "CNY" or not coupon_off(coupon, wanted.price):
        return N_("This coupon has been used up.")
    return None


def check_coupon(coupon: Coupon) -> None:
    """Raises Invalid naming everything that makes no sense."""
    wrong: dict[str, str] = {}
    if not CODE.fullmatch(coupon.code):
        wrong["code"] = N_("A code has 3 to 24 capital letters, figures and hyphens.")
    if not (coupon.title.zh or coupon.title.en) or max(len(coupon.title.zh), len(coupon.title.en)) > TITLE_LENGTH_MAX:
        wrong["title"] = N_("Please give it a name of at most 60 characters.")
    if coupon.kind not in KINDS:
        wrong["kind"] = N_("A coupon takes off a percentage or an amount.")
    elif coupon.kind == "percent" and not 0 < coupon.percent_bps <= PERCENT_BPS_MAX:
        wrong["value"] = N_("A percentage is between 0.01 and 90.")
    elif coupon.kind == "amount" and not 0 < coupon.amount_minor <= AMOUNT_MINOR_MAX:
        wrong["value"] = N_("An amount is between 0.01 and 10,000 yuan.")
    if coupon.valid_until <= coupon.valid_from:
        wrong["valid_until"] = N_("It must end after it begins.")
    if not 1 <= coupon.per_person_max <= 100:
        wrong["per_person_max"] = N_("One person may use it 1 to 100 times.")
    if coupon.uses_max is not None and not 1 <= coupon.uses_max <= USES_MAX:
        wrong["uses_max"] = N_("Please write a number up to 1,000,000, or nothing.")
    if coupon.budget_minor is not None and not 0 < coupon.budget_minor <= BUDGET_MINOR_MAX:
        wrong["budget"] = N_("Please write an amount, or nothing.")
    if coupon.minimum_minor < 0 or (coupon.off_max_minor is not None and coupon.off_max_minor <= 0):
        wrong["minimum"] = N_("Please write an amount, or nothing.")
    if wrong:
        raise Invalid(fields=wrong)


def clean_code(text: str) -> str:
    """A code as it is kept: capitals, no blanks around it."""
    return text.strip().upper()[:40]


def courtesy_points(price: Money) -> int:
    """What a client has from the house where their consultant calls a paid session off or does not come."""
    if price.currency != "CNY":
        return 0
    points = price.share_bps(COURTESY_BPS).amount_minor // POINT_MINOR
    return min(points, COURTESY_MAX) // POINTS_STEP * POINTS_STEP


def spendable(asked: int, *, balance: int, price: Money, share_bps: int) -> int:
    """How many points can pay for part of this price: what was asked, what there is, and the share that points may pay;
    whole hundreds."""
    most = min(asked, balance, price.share_bps(share_bps).amount_minor // POINT_MINOR)
    return max(0, most) // POINTS_STEP * POINTS_STEP


def spendable_over(prices: Sequence[Money], *, balance: int, share_bps: int) -> int:
    """How many points can pay for parts of several prices, one after the other."""
    left = balance
    for price in prices:
        left -= spendable(left, balance=left, price=price, share_bps=share_bps)
    return balance - left


def points_worth(points: int, currency: str = "CNY") -> Money:
    return Money(points * POINT_MINOR, currency)


def points_for(paid: Money, tier: Tier) -> int:
    """What a completed session brings: a point for each whole yuan paid, times the tier's rate, rounded down."""
    return paid.amount_minor // PAID_MINOR_PER_POINT * tier.earn_bps // 10_000


def tier_of(value_minor: int) -> Tier:
    return next(tier for tier in reversed(TIERS) if value_minor >= tier.from_minor)


def next_tier(value_minor: int) -> Tier | None:
    return next((tier for tier in TIERS if tier.from_minor > value_minor), None)


def drawn(lots: list[tuple[str, int]], points: int) -> list[tuple[str, int]]:
    """Which lots (id, left) give how many of `points`: in their order, the first to expire first."""
    taken = []
    for lot_id, left in lots:
        use = min(left, points)
        if use:
            taken.append((lot_id, use))
            points -= use
    assert points == 0, "more points were drawn than there are"
    return taken


def put_back(taken: list[tuple[str, int]], points: int) -> list[tuple[str, int]]:
    """Where `points` of those taken go back to: the last that was drawn first, so that what comes back lasts longest."""
    return drawn(list(reversed(taken)), points)
