"""What is owed to a client: units of a package or a membership, what each is worth, and what comes back of them.

Units are hundredths of a session or a minute, so that half a session can come back. Money is split without a remainder
ever being lost: what goes back of several sources is cumulative, and after everything went back each has its own again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words

UNIT = 100
"""One session or one minute, in units."""
UNIT_KINDS = ("session", "minute")
QUANTITY_MAX = {"session": 100, "minute": 6_000}
VALID_DAYS_MIN, VALID_DAYS_MAX = 7, 730
PRICE_MINOR_MIN, PRICE_MINOR_MAX = 100, 100_000_000
TITLE_LENGTH_MAX = 60
GRACE = timedelta(days=3)
"""How long a membership stands after its renewal was refused."""
RENEWAL_TRIES_EVERY = timedelta(days=1)
REOPENED_FOR = timedelta(days=30)
"""Credits that come back to a plan that has ended can be used so long."""
PAY_WITHIN = timedelta(hours=2)
"""How long an order waits for its payment; money that comes later still buys what was ordered."""


@dataclass(frozen=True)
class PackageTerms:
    """`quantity` sessions of a service, or minutes with a consultant, for one price."""

    title: Words
    unit: str
    quantity: int
    price: Money
    valid_days: int


def check_package(terms: PackageTerms) -> None:
    """Raises Invalid naming everything that is wrong."""
    wrong: dict[str, str] = {}
    if not terms.title.zh and not terms.title.en:
        wrong["title"] = N_("Please give the package a name.")
    elif max(len(terms.title.zh), len(terms.title.en)) > TITLE_LENGTH_MAX:
        wrong["title"] = N_("A name of a package has at most 60 characters.")
    if terms.unit not in UNIT_KINDS:
        wrong["unit"] = N_("A package has sessions or minutes.")
    elif not 2 <= terms.quantity <= QUANTITY_MAX[terms.unit]:
        wrong["quantity"] = N_("A package has 2 to 100 sessions, or up to 6,000 minutes.")
    if not PRICE_MINOR_MIN <= terms.price.amount_minor <= PRICE_MINOR_MAX:
        wrong["price"] = N_("A package costs between 1 and 1,000,000 yuan.")
    if not VALID_DAYS_MIN <= terms.valid_days <= VALID_DAYS_MAX:
        wrong["valid_days"] = N_("A package can be used for 7 to 730 days.")
    if wrong:
        raise Invalid(fields=wrong)


def units_needed(unit: str, minutes: int) -> int:
    """What one session of this length takes from a plan."""
    return UNIT if unit == "session" else minutes * UNIT


def value_of_units(balance: Money, *, left_units: int, units: int) -> Money:
    """What the next `units` of a plan are worth: their share of what is still in it; the last take what is left."""
    assert 0 < units <= left_units
    if units == left_units:
        return balance
    return Money((balance.amount_minor * units * 2 + left_units) // (2 * left_units), balance.currency)


def refund_of_unused(
    price: Money, *, list_price: Money, quantity_units: int, left_units: int, balance: Money
) -> Money:  # fmt: skip
    """What comes back for the unused part of a package: the price less what was used, at the price of single sessions
    (`list_price` is for one session or minute). Never less than nothing and never more than is still in it."""
    used = quantity_units - left_units
    used_minor = (list_price.amount_minor * used * 2 + UNIT) // (2 * UNIT)
    return Money(min(balance.amount_minor, max(0, price.amount_minor - used_minor)), price.currency)


def proportional(parts: Sequence[int], amount: int) -> tuple[int, ...]:
    """`amount` split in proportion to `parts`, whole units only, each to the nearest, the largest remainder first.

    It is the method of Webster and Sainte-Laguë: unlike the plain largest remainder it never takes back from a part
    what it had of a smaller amount, so the differences of growing amounts are never negative. All of it gives `parts`.
    """
    whole = sum(parts)
    assert 0 <= amount <= whole, "more cannot be split than there is"
    if not amount:
        return (0,) * len(parts)
    shares = [(2 * part * amount + whole) // (2 * whole) for part in parts]
    places = range(len(parts))
    while (missing := amount - sum(shares)) != 0:
        if missing > 0:
            at = max(places, key=lambda n: (_rank(parts[n], shares[n] + 1), -n))
            shares[at] += 1
        else:
            at = min((n for n in places if shares[n]), key=lambda n: (_rank(parts[n], shares[n]), -n))
            shares[at] -= 1
    return tuple(shares)


def split_back(parts: Sequence[int], *, so_far: int, more: int) -> tuple[int, ...]:
    """How the next `more` of a refund divides over its sources when `so_far` has gone back before: cumulative, so that
    any sequence of refunds gives each source exactly what it paid once everything has gone back."""
    before, after = proportional(parts, so_far), proportional(parts, so_far + more)
    return tuple(now - then for now, then in zip(after, before, strict=True))


def months_after(at: datetime, months: int) -> datetime:
    """The same moment so many months later; the 31st becomes the last day of a shorter month."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    first = at.replace(year=year, month=month + 1, day=1)
    length = ((first + timedelta(days=32)).replace(day=1) - first).days
    return first.replace(day=min(at.day, length))


def _rank(part: int, share: int) -> Fraction:
    """The place in line of a part's share-th unit."""
    return Fraction(part, 2 * share - 1)
