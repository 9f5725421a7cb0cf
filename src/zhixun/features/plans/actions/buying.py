"""Buying a plan: an order, its payment through the same door as every payment, and what the money then brings."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from zhixun.features.catalog import queries as catalog
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger import queries as ledger_queries
from zhixun.features.ledger.rules import MEMBERSHIPS, Line, credits_of, escrow_for
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.rules import purpose_of_order
from zhixun.features.plans import queries, rules
from zhixun.features.plans.models import Holding, Membership, Order, Package
from zhixun.features.plans.queries import OrderView
from zhixun.features.plans.queries.plans import order_view
from zhixun.features.plans.rules import GRACE, PAY_WITHIN, RENEWAL_TRIES_EVERY, UNIT
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, is_id, new_id

DAY = timedelta(days=1)


class AlreadyMember(Conflict):
    code, message = "already_member", N_("You have a membership already. It can be changed when its month is over.")


class NotSold(Conflict):
    code, message = "not_sold", N_("This is not sold any more.")


def order_plan(uow: UnitOfWork, *, order_id: str, product_id: str, gateway: str = "sandbox") -> OrderView:
    """The asker wants a package or a membership: an order and its payment. The same `order_id` twice is done once.

    Raises NotFound, NotSold, AlreadyMember, Invalid (one's own package).
    """
    if not is_id(order_id):
        raise Invalid
    own = func.hashtextextended(f"order:{uow.actor.user_id}", 0)
    uow.db.execute(select(func.pg_advisory_xact_lock(own)))
    known = uow.db.get(Order, order_id)
    if known is not None:
        if known.person_id != uow.actor.user_id or known.product_id != product_id:
            raise NotFound
        return order_view(known)
    kind, price = _on_sale(uow, product_id)
    return _ask(
        uow, order_id=order_id, person_id=uow.actor.user_id, kind=kind, product_id=product_id, holding_id=order_id,
        price=price, gateway=gateway,
    )  # fmt: skip


def ask_for_renewal(uow: UnitOfWork, holding: Holding) -> None:
    """Another month of a membership: an order that its gateway is asked to collect by itself."""
    order = uow.db.get_one(Order, holding.order_id)
    former = payment_queries.payment(uow.db, order.payment_id, uow.actor)
    asked = _ask(
        uow, order_id=new_id(), person_id=holding.person_id, kind="renewal", product_id=holding.product_id,
        holding_id=holding.id, price=Money(holding.price_minor, holding.currency), gateway=former.gateway,
    )  # fmt: skip
    holding.grace_until = holding.grace_until or holding.expires_at + GRACE
    holding.next_try_at = uow.now + RENEWAL_TRIES_EVERY
    payments.request_collection(uow, payment_id=asked.payment_id, like_payment_id=former.id)


def fulfil_if_paid(uow: UnitOfWork, *, order_id: str) -> OrderView:
    """The money is in: the plan is the buyer's, or goes on for a month. Safe to call any number of times."""
    order = uow.db.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is None:
        raise NotFound
    payment = payment_queries.payment_for(uow.db, purpose_of_order(order_id))
    if order.state == "fulfilled" or payment is None or not payment.captured:
        return order_view(order)
    order.state, order.fulfilled_at = "fulfilled", uow.now
    if order.kind == "renewal":
        _renew(uow, order)
    elif order.kind == "membership":
        _begin_membership(uow, order)
    else:
        _hand_over_package(uow, order)
    uow.db.flush()
    return order_view(order)


def renewal_refused(uow: UnitOfWork, *, order_id: str) -> None:
    """The gateway could not collect a month: the membership stands for the days of grace, and it is tried again."""
    order = uow.db.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is not None and order.kind == "renewal" and order.state == "open":
        order.state = "refused"


def _on_sale(uow: UnitOfWork, product_id: str) -> tuple[str, Money]:
    package = uow.db.get(Package, product_id)
    if package is not None:
        if not package.active or not catalog.is_listed(uow.db, package.consultant_id):
            raise NotSold
        if package.consultant_id == uow.actor.user_id:
            raise Invalid(N_("You cannot buy your own package."))
        return "package", Money(package.price_minor, package.currency)
    membership = uow.db.get(Membership, product_id)
    if membership is None:
        raise NotFound
    if not membership.active:
        raise NotSold
    if queries.membership_of(uow.db, uow.actor.user_id, uow.now) is not None:
        raise AlreadyMember
    return "membership", Money(membership.price_minor, membership.currency)


def _ask(
    uow: UnitOfWork,
    *,
    order_id: str,
    person_id: str,
    kind: str,
    product_id: str,
    holding_id: str,
    price: Money,
    gateway: str,
) -> OrderView:
    payment_id = payments.request_payment(
        uow, payment_id=new_id(), payer_id=person_id, purpose=purpose_of_order(order_id), amount=price,
        gateway=gateway, expires_at=uow.now + PAY_WITHIN,
    )  # fmt: skip
    order = Order(
        id=order_id, person_id=person_id, kind=kind, product_id=product_id, holding_id=holding_id,
        payment_id=payment_id, amount_minor=price.amount_minor, currency=price.currency, state="open",
        created_at=uow.now, fulfilled_at=None,
    )  # fmt: skip
    uow.db.add(order)
    uow.db.flush()
    return order_view(order)


def _hand_over_package(uow: UnitOfWork, order: Order) -> None:
    package = uow.db.get_one(Package, order.product_id)
    uow.db.add(
        Holding(
            id=order.holding_id, person_id=order.person_id, kind="package", product_id=package.id,
            consultant_id=package.consultant_id, service_id=package.service_id, title=package.title, unit=package.unit,
            quantity_units=package.quantity * UNIT, left_units=package.quantity * UNIT, price_minor=order.amount_minor,
            list_minor=_list_price(uow, package).amount_minor, currency=order.currency, included_max_minor=0,
            discount_bps=0, bought_at=uow.now, expires_at=uow.now + package.valid_days * DAY, periods=1, renews=False,
            grace_until=None, next_try_at=None, state="active", ended_reason=None, order_id=order.id,
        )
    )  # fmt: skip
    _owe(uow, order)


def _begin_membership(uow: UnitOfWork, order: Order) -> None:
    """The first month; who has become a member by another order meanwhile gets the money back."""
    membership = uow.db.get_one(Membership, order.product_id)
    if queries.membership_of(uow.db, order.person_id, uow.now) is not None:
        _give_back(uow, order, reason="already_member")
        return
    uow.db.add(
        Holding(
            id=order.holding_id, person_id=order.person_id, kind="membership", product_id=membership.id,
            consultant_id=None, service_id=None, title=membership.title, unit="session",
            quantity_units=membership.included * UNIT, left_units=membership.included * UNIT,
            price_minor=order.amount_minor, list_minor=membership.included_max_minor, currency=order.currency,
            included_max_minor=membership.included_max_minor, discount_bps=membership.discount_bps, bought_at=uow.now,
            expires_at=rules.months_after(uow.now, 1), periods=1, renews=True, grace_until=None, next_try_at=None,
            state="active", ended_reason=None, order_id=order.id,
        )
    )  # fmt: skip
    _owe(uow, order)


def _renew(uow: UnitOfWork, order: Order) -> None:
    """Another month from the day the last one ended. What was not used of that is the house's; sessions do not roll
    over. A membership that has ended before the money came gets the money back."""
    holding = uow.db.get_one(Holding, order.holding_id, with_for_update=True, populate_existing=True)
    if holding.state != "active":
        _give_back(uow, order, reason="membership_ended")
        return
    earn_membership(uow, holding)
    holding.periods += 1
    holding.left_units, holding.order_id = holding.quantity_units, order.id
    holding.expires_at = rules.months_after(holding.bought_at, holding.periods)
    holding.grace_until = holding.next_try_at = None
    _owe(uow, order)


def earn_membership(uow: UnitOfWork, holding: Holding) -> None:
    """The rule `membership_month_over`: what a month's fee still holds when the month ends belongs to the house."""
    left = ledger_queries.balance(uow.db, credits_of(holding.id), holding.currency)
    if left:
        ledger.post(
            uow, key=f"membership_month_over:{new_id()}", kind="membership_month_over",
            purpose=purpose_of_order(holding.order_id), lines=[Line(credits_of(holding.id), -left), Line(MEMBERSHIPS, left)],
        )  # fmt: skip


def _owe(uow: UnitOfWork, order: Order) -> None:
    """What was paid is now owed in sessions: out of the order's escrow into the plan's credits."""
    amount, purpose = Money(order.amount_minor, order.currency), purpose_of_order(order.id)
    ledger.post(
        uow, key=f"credit:{order.id}", kind="credit", purpose=purpose,
        lines=[Line(escrow_for(purpose), -amount), Line(credits_of(order.holding_id), amount)],
    )  # fmt: skip


def _give_back(uow: UnitOfWork, order: Order, *, reason: str) -> None:
    payments.request_refund(uow, refund_id=order.id, purpose=purpose_of_order(order.id), amount=None, reason=reason)


def _list_price(uow: UnitOfWork, package: Package) -> Money:
    """What one unit of it costs singly now: the service's price, or the cheapest minute the consultant sells."""
    if package.service_id is not None:
        return catalog.service(uow.db, package.service_id).price
    services = catalog.cards_of(uow.db, [package.consultant_id])[package.consultant_id].services
    each = [service.price.amount_minor // service.minutes for service in services]
    return Money(min(each, default=package.price_minor // package.quantity), package.currency)
