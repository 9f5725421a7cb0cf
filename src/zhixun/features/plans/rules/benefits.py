"""What takes a price down: a plan that covers the session, a member's price; each a line in words, each with a payer.

The consultant's share never shrinks by a benefit the house gives: what the client does not pay comes from the account
named in a `Part`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from zhixun.features.ledger.rules import COUPONS, DISCOUNTS, MEMBERSHIPS, POINTS_COST, credits_of
from zhixun.kernel.values import Money, Words

from .credits import UNIT
from .pricing import Part, PriceLine, Quote, percent_words

COVERS = ("package", "membership")
"""Kinds of lines that cover a whole session with what was paid before."""


@dataclass(frozen=True)
class Cover:
    """Units of a plan that pay for one session, worth `value` out of the plan."""

    holding_id: str
    kind: str
    title: Words
    unit: str
    units: int
    left_after: int
    value: Money


def covered(quote: Quote, cover: Cover) -> Quote:
    """Nothing left to pay. A package hands over what its units are worth; a membership's session is worth its price to
    the consultant, and the house adds what the month's fee does not hold."""
    price = quote.total
    parts = [Part(credits_of(cover.holding_id), cover.value)]
    if cover.kind == "membership":
        from_fee = min(cover.value, price)
        parts = [Part(credits_of(cover.holding_id), from_fee), Part(MEMBERSHIPS, price - from_fee)]
    line = PriceLine(cover.kind, _cover_words(cover), -price)
    kept = tuple(part for part in parts if part.amount)
    return replace(
        quote, lines=(*quote.lines, line), total=Money(0, price.currency), parts=kept, holding_id=cover.holding_id,
        units=cover.units,
    )  # fmt: skip


def with_member_price(quote: Quote, *, title: Words, discount_bps: int) -> Quote:
    """The member's percentage off; the house pays it."""
    off = quote.total.share_bps(discount_bps)
    if not off:
        return quote
    less = percent_words(-discount_bps)
    line = PriceLine(
        "member", Words(f"{title.in_language('zh')}会员价 {less}", f"{title.in_language('en')}, {less}"), -off
    )
    return replace(
        quote, lines=(*quote.lines, line), total=quote.total - off, parts=(*quote.parts, Part(DISCOUNTS, off))
    )  # fmt: skip


def with_coupon(quote: Quote, *, coupon_id: str, title: Words, off: Money) -> Quote:
    """What the coupon takes off; the house pays it."""
    return replace(
        quote, lines=(*quote.lines, PriceLine("coupon", title, -off)), total=quote.total - off,
        parts=(*quote.parts, Part(COUPONS, off)), coupon_id=coupon_id,
    )  # fmt: skip


def with_points(quote: Quote, *, points: int, worth: Money) -> Quote:
    """Points pay for a part; the house pays what they are worth."""
    if not points:
        return quote
    said = Words(f"{points:,} 积分", f"{points:,} points")
    return replace(
        quote, lines=(*quote.lines, PriceLine("points", said, -worth)), total=quote.total - worth,
        parts=(*quote.parts, Part(POINTS_COST, worth)), points=points,
    )  # fmt: skip


def units_words(units: int, unit: str) -> Words:
    """ "3 次", "1.5 sessions", "90 minutes"."""
    number = f"{units / UNIT:g}"
    if unit == "session":
        return Words(f"{number} 次", f"{number} session" + ("" if units == UNIT else "s"))
    return Words(f"{number} 分钟", f"{number} minutes")


def _cover_words(cover: Cover) -> Words:
    used, left = units_words(cover.units, cover.unit), units_words(cover.left_after, cover.unit)
    title = cover.title
    return Words(
        f"用「{title.in_language('zh')}」{used.zh}，剩 {left.zh}",
        f"{used.en} of “{title.in_language('en')}”, {left.en} left",
    )
