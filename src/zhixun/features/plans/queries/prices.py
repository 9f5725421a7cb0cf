"""Price tables, and the quote of one session with whatever its client pays it with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, cast, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import credits_of
from zhixun.features.loyalty import queries as loyalty
from zhixun.features.loyalty.rules import Wanted, points_worth, spendable
from zhixun.features.plans import rules
from zhixun.features.plans.models import Holding, PriceRuleRow
from zhixun.features.plans.rules import HOUSE, Cover, PriceRule, PriceTable, Quote
from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel.errors import N_, Conflict
from zhixun.kernel.tables import WordsColumn
from zhixun.kernel.values import Words

from .plans import HoldingView, covers_whole, gives_price, holding


class PlanDoesNotFit(Conflict):
    code, message = "plan_does_not_fit", N_("This plan cannot pay for this session.")


class CreditsUsedUp(Conflict):
    code, message = "credits_used_up", N_("Too little is left in this plan for this session.")


@dataclass(frozen=True)
class Choice:
    """What the client wants to pay with: `use_plan` is the id of one of their plans; else a coupon's code, and up to so
    many points. `first_booking` is a fact about the client that some coupons ask for."""

    use_plan: str = ""
    coupon: str = ""
    points: int = 0
    first_booking: bool = False


NOTHING_CHOSEN = Choice()


@dataclass(frozen=True)
class RuleVersion:
    """One line of a price table for as long as it was, is or will be in force."""

    rule: PriceRule
    from_at: datetime
    until_at: datetime | None

    def stands(self, now: datetime) -> bool:
        return self.from_at <= now and (self.until_at is None or now < self.until_at)


def rule_versions(db: Session, owner_id: str, *, limit: int = 200) -> list[RuleVersion]:
    """Every version of every line, the newest first. One statement."""
    rows = db.scalars(
        select(PriceRuleRow).where(PriceRuleRow.owner_id == owner_id)
        .order_by(PriceRuleRow.from_at.desc(), PriceRuleRow.kind, PriceRuleRow.value).limit(limit)
    )  # fmt: skip
    return [RuleVersion(PriceRule(row.kind, row.value, row.factor_bps), row.from_at, row.until_at) for row in rows]


def in_force(at: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return and_(PriceRuleRow.from_at <= at, or_(PriceRuleRow.until_at.is_(None), PriceRuleRow.until_at > at))


def rules_of(db: Session, owner_id: str, at: datetime) -> list[PriceRule]:
    """The rules of the house or one consultant in force at a time, in the order of their steps. One statement."""
    rows = db.scalars(select(PriceRuleRow).where(PriceRuleRow.owner_id == owner_id, in_force(at)))
    found = [PriceRule(row.kind, row.value, row.factor_bps) for row in rows]
    return sorted(found, key=lambda rule: (rules.KINDS.index(rule.kind), rule.value))


def price_table(db: Session, consultant_id: str, at: datetime) -> PriceTable:
    """The rules that hold for one consultant at a time. One statement."""
    return _table_and_member(db, consultant_id, at, "", at)[0]


class _Member(NamedTuple):
    title: Words
    discount_bps: int


def _table_and_member(
    db: Session, consultant_id: str, at: datetime, person_id: str, used_at: datetime
) -> tuple[PriceTable, _Member | None]:
    """The rules that hold for one consultant at a time, and the membership that gives someone its price. One statement."""
    values = {"house": HOUSE, "consultant": consultant_id, "at": at, "person": person_id, "used_at": used_at}
    house: list[PriceRule] = []
    own: list[PriceRule] = []
    member = None
    for owner_id, kind, value, bps, title in db.execute(_TABLE_AND_MEMBER, values):
        if title is not None:
            member = _Member(title, bps)
        else:
            (house if owner_id == HOUSE else own).append(PriceRule(kind, value, bps))
    return rules.merged(house, own), member


_TABLE_AND_MEMBER = union_all(
    select(
        PriceRuleRow.owner_id, PriceRuleRow.kind, PriceRuleRow.value, PriceRuleRow.factor_bps,
        cast(null(), WordsColumn).label("title"),
    ).where(
        PriceRuleRow.owner_id.in_((bindparam("house"), bindparam("consultant"))), in_force(bindparam("at")),
    ),
    select(Holding.person_id, Holding.kind, literal(""), Holding.discount_bps, Holding.title).where(
        Holding.person_id == bindparam("person"), gives_price(bindparam("used_at"))
    ),
)  # fmt: skip


def quote(
    db: Session,
    *,
    service: ServiceView,
    starts_at: datetime,
    now: datetime,
    brief: str = "",
    person_id: str = "",
    choice: Choice = NOTHING_CHOSEN,
    used_at: datetime | None = None,
) -> Quote:
    """What this service costs this person at this time, asked for now, line by line. `brief` may speak of danger;
    `used_at` is when the plan is used, where that is later than the price was asked for.

    A plan that was chosen covers all of it; else a membership takes its percentage off by itself. Then a
    coupon, then points. Raises NotFound (not your plan), PlanDoesNotFit, CreditsUsedUp, CouponRefused. One statement
    for a visitor, and up to eight more.
    """
    table, member = _table_and_member(db, service.consultant_id, now, person_id, used_at or now)
    plain = _by_rules(db, table, service, starts_at, now, brief)
    if choice.use_plan:
        plan = holding(db, choice.use_plan, person_id)
        return rules.covered(plain, _cover(db, plan, service, plain, used_at or now))
    if member is not None:
        plain = rules.with_member_price(plain, title=member.title, discount_bps=member.discount_bps)
    if choice.coupon:
        plain = _with_coupon(db, plain, service, person_id, choice, used_at or now)
    if choice.points > 0 and person_id:
        theirs = loyalty.standing(db, person_id, used_at or now)
        points = spendable(
            choice.points, balance=theirs.balance, price=plain.total, share_bps=theirs.tier.share_bps
        )  # fmt: skip
        plain = rules.with_points(plain, points=points, worth=points_worth(points, plain.total.currency))
    return plain


def _with_coupon(
    db: Session, plain: Quote, service: ServiceView, person_id: str, choice: Choice, now: datetime
) -> Quote:  # fmt: skip
    wanted = Wanted(
        plain.total, catalog.pricing_facts(db, service.consultant_id).field_id, service.consultant_id,
        choice.first_booking, now, used_before=0,
    )  # fmt: skip
    found = loyalty.coupon_for(db, code=choice.coupon, person_id=person_id, wanted=wanted)
    return rules.with_coupon(plain, coupon_id=found.coupon_id, title=found.title, off=found.off)


def _by_rules(
    db: Session, table: PriceTable, service: ServiceView, starts_at: datetime, now: datetime, brief: str
) -> Quote:
    session = rules.Priced(service.price, service.title, service.minutes, starts_at, now)
    if not table.rules:
        return rules.quote(session, table)
    facts = catalog.pricing_facts(db, service.consultant_id)
    return rules.quote(
        rules.Priced(
            service.price, service.title, service.minutes, starts_at, now,
            zone=scheduling.zone_of(db, service.consultant_id), seniority=facts.seniority,
            in_danger=facts.takes_crises or rules.speaks_of_danger(brief, facts.crisis_words),
        ),
        table,
    )  # fmt: skip


def _cover(db: Session, plan: HoldingView, service: ServiceView, plain: Quote, now: datetime) -> Cover:
    """What the plan takes and gives for this session. Raises PlanDoesNotFit, CreditsUsedUp."""
    theirs = plan.consultant_id in (None, service.consultant_id) and plan.service_id in (None, service.id)
    if not theirs or not plan.active or plan.expires_at <= now or plan.price.currency != plain.total.currency:
        raise PlanDoesNotFit
    if not plain.total or not covers_whole(plan, plain.total):
        raise PlanDoesNotFit(N_("This session costs more than the plan includes."))
    units = rules.units_needed(plan.unit, service.minutes)
    if plan.left_units < units:
        raise CreditsUsedUp
    balance = ledger.balance(db, credits_of(plan.id), plan.price.currency)
    value = rules.value_of_units(balance, left_units=plan.left_units, units=units)
    return Cover(plan.id, plan.kind, plan.title, plan.unit, units, plan.left_units - units, value)
