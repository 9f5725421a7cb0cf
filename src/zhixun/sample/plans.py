"""Packages of many consultants, one membership of the house, and what the demo accounts have of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from zhixun.features.loyalty import actions as loyalty
from zhixun.features.loyalty.rules import Coupon
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.ports import Capture
from zhixun.features.payments.rules import purpose_of_order
from zhixun.features.plans import actions as plans
from zhixun.features.plans import queries as plan_queries
from zhixun.features.plans.rules import HOUSE, PackageTerms, PriceRule
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM, Actor, Money, Words

from .cast import DEMO_CLIENT, Consulting, client_at, consultant_at, service_id_of
from .history import acting, history
from .words import id_of

PRICE_TABLES = (
    (PriceRule("evening", "19:00-23:00", 11_000), PriceRule("weekend", "", 11_000)),
    (PriceRule("evening", "07:00-10:00", 9_000), PriceRule("urgent", "12", 11_500)),
    (PriceRule("weekend", "", 11_500), PriceRule("cap", "", 12_000)),
)
RULES_SINCE = timedelta(days=400)
"""The price tables are older than any booking of the past."""
OFF_BPS = {5: 8_800, 3: 9_200}
"""What of the single price each session of a package of this size costs."""
MEMBERSHIP = id_of("membership", "house")
MEMBER_PLACE = 3
"""client04 is a member."""


def add_price_rules(uow: UnitOfWork, one: Consulting) -> None:
    """One in four has a price table: evenings and weekends cost a little more, quiet mornings less."""
    if one.place % 4 != 2:
        return
    before_all = replace(uow, now=uow.now - RULES_SINCE)
    for rule in PRICE_TABLES[one.place // 4 % len(PRICE_TABLES)]:
        plans.set_price_rule(before_all, owner_id=one.actor.user_id, rule=rule)


def add_packages(uow: UnitOfWork, one: Consulting) -> None:
    """Every second consultant sells five sessions of the first service at once, every third three."""
    for quantity, every in ((5, 2), (3, 3)):
        if one.place % every == 0:
            plans.put_package(
                uow, package_id=package_id_of(one, quantity), consultant_id=one.actor.user_id,
                service_id=service_id_of(one.profile.slug, 0), terms=_terms(one, quantity),
            )  # fmt: skip


def add_membership(now: datetime) -> None:
    """The house's one membership; twice is once."""
    with history(now) as uow:
        known = plan_queries.rule_versions(uow.db, HOUSE)
        if not known:
            house = acting(uow, SYSTEM, now - RULES_SINCE)
            plans.set_price_rule(house, owner_id=HOUSE, rule=PriceRule("cap", "", 15_000))
            plans.set_price_rule(
                acting(uow, SYSTEM, now), owner_id=HOUSE, rule=PriceRule("urgent", "3", 11_000),
                from_at=now + timedelta(days=30),
            )  # fmt: skip
        plans.put_membership(
            uow, membership_id=MEMBERSHIP, title=Words("知询会员", "Zhixun member"),
            note=Words("每个月都有问题想问的人。", "For people who have something to ask every month."),
            price=Money(29_800), included=1, included_max=Money(50_000), discount_bps=1_000,
        )  # fmt: skip


def add_demo_plans(now: datetime) -> None:
    """The demo client has five sessions with the demo consultant, and one of the numbered clients is a member."""
    _buy(DEMO_CLIENT, package_id_of(consultant_at(0), 5), "demo", now - timedelta(days=12))
    _buy(client_at(MEMBER_PLACE), MEMBERSHIP, "member", now - timedelta(days=9))


def add_coupons(now: datetime) -> None:
    """One for newcomers, one for a field, one that only its code opens; each once."""
    with history(now) as uow:
        for name, coupon in _coupons(now).items():
            loyalty.create_coupon(uow, coupon=replace(coupon, id=id_of("coupon", name)))


def _coupons(now: datetime) -> dict[str, Coupon]:
    usual = Coupon(
        id="", code="WELCOME50", title=Words("新人立减 ¥50", "¥50 off your first booking"), kind="amount",
        percent_bps=0, amount_minor=5_000, off_max_minor=None, minimum_minor=30_000, field_id=None, consultant_id=None,
        first_booking=True, listed=True, valid_from=now - timedelta(days=30), valid_until=now + timedelta(days=60),
        per_person_max=1, uses_max=500, budget_minor=2_000_000, used=0, spent_minor=0, paused=False,
    )  # fmt: skip
    return {
        "welcome": usual,
        "legal": replace(
            usual, code="LEGAL10", title=Words("法律咨询 9 折", "10% off legal advice"), kind="percent",
            percent_bps=1_000, amount_minor=0, off_max_minor=6_000, minimum_minor=20_000, field_id="legal",
            first_booking=False, per_person_max=3, uses_max=None, budget_minor=500_000,
        ),
        "friend": replace(
            usual, code="FRIEND20", title=Words("老友回访 ¥20", "¥20 for friends of the house"), amount_minor=2_000,
            minimum_minor=10_000, first_booking=False, listed=False, per_person_max=5,
        ),
    }  # fmt: skip


def package_id_of(one: Consulting, quantity: int) -> str:
    return id_of("package", one.profile.slug, quantity)


def _terms(one: Consulting, quantity: int) -> PackageTerms:
    service = one.profile.services[0]
    single = service.price.amount_minor * quantity
    title = Words(f"{service.title.zh} {quantity} 次", f"{quantity} × {service.title.en}")
    price = Money(single * OFF_BPS[quantity] // 10_000 // 100 * 100, service.price.currency)
    return PackageTerms(title, "session", quantity, price, 180 if quantity == 5 else 90)


def _buy(who: Actor, product_id: str, name: str, at: datetime) -> None:
    """Ordered, paid and handed over; once."""
    order_id = id_of("order", name)
    with history(at) as uow:
        if any(one.product_id == product_id for one in plan_queries.holdings_of(uow.db, who.user_id)):
            return
        plans.order_plan(acting(uow, who, at), order_id=order_id, product_id=product_id)
        payment = payment_queries.payment_for(uow.db, purpose_of_order(order_id))
        assert payment is not None
        payments.settle(
            acting(uow, SYSTEM, at), gateway=payment.gateway,
            capture=Capture(payment.id, f"sample-{order_id}", payment.amount),
        )  # fmt: skip
        plans.fulfil_if_paid(acting(uow, SYSTEM, at), order_id=order_id)
