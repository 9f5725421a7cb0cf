"""What is on sale, what someone has, and which of it fits a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from zhixun.features.catalog.rules import ServiceView
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import credits_of
from zhixun.features.plans import rules
from zhixun.features.plans.models import Funding, Holding, Membership, Order, Package
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.personal import OpenMatter
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Money, Words


@dataclass(frozen=True)
class PackageView:
    id: str
    consultant_id: str
    service_id: str | None
    title: Words
    unit: str
    quantity: int
    price: Money
    valid_days: int
    active: bool

    @property
    def each(self) -> Money:
        """What one session or minute of it comes to, rounded down."""
        return Money(self.price.amount_minor // self.quantity, self.price.currency)


@dataclass(frozen=True)
class MembershipView:
    id: str
    title: Words
    note: Words
    price: Money
    included: int
    included_max: Money
    discount_bps: int
    active: bool


@dataclass(frozen=True)
class HoldingView:
    """`left_units` and `quantity_units` are hundredths of a session or a minute. `refund` is what ending it now would
    give back (nothing for a membership)."""

    id: str
    person_id: str
    kind: str
    product_id: str
    consultant_id: str | None
    service_id: str | None
    title: Words
    unit: str
    quantity_units: int
    left_units: int
    price: Money
    discount_bps: int
    included_max: Money
    bought_at: datetime
    expires_at: datetime
    renews: bool
    grace_until: datetime | None
    active: bool
    ended_reason: str | None
    refund: Money

    @property
    def left(self) -> Words:
        return rules.units_words(self.left_units, self.unit)

    @property
    def quantity(self) -> Words:
        return rules.units_words(self.quantity_units, self.unit)

    @property
    def in_grace(self) -> bool:
        return self.grace_until is not None


@dataclass(frozen=True)
class OrderView:
    id: str
    person_id: str
    kind: str
    holding_id: str
    payment_id: str
    amount: Money
    state: str
    product_id: str = ""


@dataclass(frozen=True)
class UseLine:
    """One booking that a plan paid for; `units` is what it still takes after what came back."""

    booking_id: str
    holding_id: str
    units: int
    at: datetime


def packages_of(db: Session, consultant_ids: Sequence[str], *, withdrawn: bool = False) -> list[PackageView]:
    """What these consultants sell in packages, cheapest first; with `withdrawn`, what they sold once as well."""
    wanted = select(Package).where(Package.consultant_id == any_of(consultant_ids))
    if not withdrawn:
        wanted = wanted.where(Package.active)
    return [package_view(row) for row in db.scalars(wanted.order_by(Package.price_minor, Package.id))]


def product(db: Session, product_id: str) -> PackageView | MembershipView:
    """A package or a membership, also of those no longer sold. Raises NotFound. Two statements at most."""
    package = db.get(Package, product_id)
    if package is not None:
        return package_view(package)
    membership = db.get(Membership, product_id)
    if membership is None:
        raise NotFound
    return _membership_view(membership)


def memberships(db: Session) -> list[MembershipView]:
    """The house's memberships on sale."""
    rows = db.scalars(select(Membership).where(Membership.active).order_by(Membership.price_minor, Membership.id))
    return [_membership_view(row) for row in rows]


def member_counts(db: Session) -> dict[str, int]:
    """Membership → how many have it now, also of those no longer on sale. One statement."""
    members = select(Holding.product_id, func.count()).where(Holding.kind == "membership", Holding.state == "active")
    return dict(db.execute(members.group_by(Holding.product_id)).all())


def holdings_of(db: Session, person_id: str, *, limit: int = 100) -> list[HoldingView]:
    """All that someone has bought, what can still be used first, the soonest to end on top. Two statements."""
    rows = db.scalars(
        select(Holding)
        .where(Holding.person_id == person_id)
        .order_by(Holding.state, Holding.expires_at, Holding.id)
        .limit(limit)
    )
    return _views(db, list(rows))


def holding(db: Session, holding_id: str, person_id: str) -> HoldingView:
    """One of someone's own plans. Raises NotFound."""
    row = db.get(Holding, holding_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    return _views(db, [row])[0]


def usable_for(db: Session, person_id: str, service: ServiceView, now: datetime) -> list[HoldingView]:
    """Which of someone's plans can pay for one session of this service, the soonest to end first; without what giving
    them back would return. One statement."""
    rows = db.scalars(
        select(Holding)
        .where(
            Holding.person_id == person_id,
            Holding.state == "active",
            Holding.expires_at > now,
            or_(
                Holding.kind == "membership",
                and_(
                    Holding.consultant_id == service.consultant_id,
                    or_(Holding.service_id.is_(None), Holding.service_id == service.id),
                ),
            ),
        )
        .order_by(Holding.expires_at, Holding.id)
    )
    fitting = [row for row in rows if row.left_units >= rules.units_needed(row.unit, service.minutes)]
    return [_view(row, Money(0, row.currency)) for row in fitting]


def membership_of(db: Session, person_id: str, now: datetime) -> HoldingView | None:
    """The membership that gives someone its price now: paid for, or in the days of grace. One statement."""
    row = db.scalar(select(Holding).where(Holding.person_id == person_id, gives_price(now)))
    return _view(row, Money(0, row.currency)) if row else None


def gives_price(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Which holdings are memberships that count now."""
    stands = or_(Holding.expires_at > now, Holding.grace_until > now)
    return and_(Holding.kind == "membership", Holding.state == "active", stands)


def uses_of(db: Session, holding_ids: Sequence[str], *, limit: int = 100) -> dict[str, list[UseLine]]:
    """Holding id → the bookings it paid for, the latest first; each is in the answer."""
    found: dict[str, list[UseLine]] = {one: [] for one in holding_ids}
    rows = db.scalars(
        select(Funding)
        .where(Funding.holding_id == any_of(holding_ids), Funding.units > Funding.returned_units)
        .order_by(Funding.at.desc())
        .limit(limit)
    )
    for row in rows:
        assert row.holding_id
        found[row.holding_id].append(UseLine(row.booking_id, row.holding_id, row.units - row.returned_units, row.at))
    return found


def plan_of(db: Session, booking_id: str) -> str:
    """The plan that pays for a booking now, or "". One statement."""
    standing = select(Funding.holding_id).where(Funding.booking_id == booking_id, Funding.returned_at.is_(None))
    return db.scalar(standing) or ""


def order(db: Session, order_id: str, person_id: str) -> OrderView:
    """One of someone's own orders. Raises NotFound."""
    row = db.get(Order, order_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    return order_view(row)


def due_by_time(db: Session, now: datetime, *, after: str = "", limit: int = 200) -> list[str]:
    """Ids of holdings whose time has come: to end, to be renewed, or to lapse. Ascending; `after` pages on."""
    waits = and_(Holding.next_try_at > now, or_(Holding.grace_until.is_(None), Holding.grace_until > now))
    due = select(Holding.id).where(
        Holding.state == "active",
        Holding.expires_at <= now,
        or_(Holding.next_try_at.is_(None), ~waits),
        Holding.id > after,
    )
    return list(db.scalars(due.order_by(Holding.id).limit(limit)))


def package_view(row: Package) -> PackageView:
    return PackageView(
        row.id, row.consultant_id, row.service_id, row.title, row.unit, row.quantity,
        Money(row.price_minor, row.currency), row.valid_days, row.active,
    )  # fmt: skip


def _membership_view(row: Membership) -> MembershipView:
    return MembershipView(
        row.id, row.title, row.note, Money(row.price_minor, row.currency), row.included,
        Money(row.included_max_minor, row.currency), row.discount_bps, row.active,
    )  # fmt: skip


def order_view(row: Order) -> OrderView:
    return OrderView(
        row.id, row.person_id, row.kind, row.holding_id, row.payment_id, Money(row.amount_minor, row.currency), row.state,
        row.product_id,
    )  # fmt: skip


def _views(db: Session, rows: Sequence[Holding]) -> list[HoldingView]:
    balances: dict[str, Money] = {}
    if rows:
        balances = ledger.balances(db, [credits_of(row.id) for row in rows], rows[0].currency)
    return [_view(row, balances.get(credits_of(row.id), Money(0, row.currency))) for row in rows]


def _view(row: Holding, balance: Money) -> HoldingView:
    price, refund = Money(row.price_minor, row.currency), Money(0, row.currency)
    if row.kind == "package" and row.state == "active" and row.left_units:
        refund = rules.refund_of_unused(
            price, list_price=Money(row.list_minor, row.currency), quantity_units=row.quantity_units,
            left_units=row.left_units, balance=balance,
        )  # fmt: skip
    return HoldingView(
        id=row.id, person_id=row.person_id, kind=row.kind, product_id=row.product_id, consultant_id=row.consultant_id,
        service_id=row.service_id, title=row.title, unit=row.unit, quantity_units=row.quantity_units,
        left_units=row.left_units, price=price, discount_bps=row.discount_bps,
        included_max=Money(row.included_max_minor, row.currency), bought_at=row.bought_at, expires_at=row.expires_at,
        renews=row.renews, grace_until=row.grace_until, active=row.state == "active", ended_reason=row.ended_reason,
        refund=refund,
    )  # fmt: skip


def covers_whole(holding: HoldingView, price: Money) -> bool:
    """Whether a session of this price is within what the plan includes; a package's always is."""
    return holding.kind == "package" or price <= holding.included_max


def open_matters(db: Session, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet."""
    theirs = select(Holding.kind, Holding.left_units, Holding.renews).where(
        Holding.person_id == person_id, Holding.state == "active", Holding.expires_at > now
    )
    found = set()
    for kind, left_units, renews in db.execute(theirs):
        if kind == "package" and left_units:
            found.add(
                N_("A package of yours is not used up. Use it, or end it under “My plans” and get the rest back.")
            )
        if renews:
            found.add(N_("Your membership would go on by itself. Cancel it under “My plans” first."))
    return [OpenMatter(sentence, "/plans") for sentence in sorted(found)]
