"""What a consultant's page says of prices and plans, for whoever looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, SelectBase, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from zhixun.features.plans import rules
from zhixun.features.plans.models import Holding, Package, PriceRuleRow
from zhixun.features.plans.rules import HOUSE, PriceRule
from zhixun.kernel.values import Money, Words

from .plans import PackageView
from .prices import in_force


@dataclass(frozen=True)
class HeldLine:
    """A package of the reader with this consultant."""

    title: Words
    left: Words
    quantity: Words
    expires_at: datetime


@dataclass(frozen=True)
class Offer:
    rules: tuple[PriceRule, ...]
    packages: tuple[PackageView, ...]
    held: tuple[HeldLine, ...]

    def notes(self, takes_crises: bool) -> tuple[Words, ...]:
        """When the price differs from the listed one, in words; a seniority is a fact, not a time. Who takes crises
        never adds anything."""
        told = [rule for rule in self.rules if rule.kind != "seniority"]
        return tuple(
            rules.rule_words(rule) for rule in told if not takes_crises or rule.factor_bps < rules.UNCHANGED_BPS
        )


def offer_of(db: Session, consultant_id: str, person_id: str, now: datetime) -> Offer:
    """What holds for this consultant, what they sell, and what the reader has of it. One statement."""
    table = select(PriceRuleRow).where(PriceRuleRow.owner_id.in_((HOUSE, consultant_id)), in_force(now))
    sold = select(Package).where(Package.consultant_id == consultant_id, Package.active)
    held = select(
        Holding.title, Holding.unit, Holding.left_units, Holding.quantity_units,
        func.extract("epoch", Holding.expires_at).label("ends"),
    ).where(
        Holding.person_id == person_id, Holding.consultant_id == consultant_id, Holding.state == "active",
        Holding.expires_at > now,
    )  # fmt: skip
    lines, packages, plans = db.execute(select(_as_json(table), _as_json(sold), _as_json(held))).one()
    house, own = (
        [PriceRule(one["kind"], one["value"], one["factor_bps"]) for one in lines if one["owner_id"] == owner]
        for owner in (HOUSE, consultant_id)
    )
    cheapest_first = sorted(packages, key=lambda one: (one["price_minor"], one["id"]))
    return Offer(
        rules.merged(house, own).rules,
        tuple(_package(one) for one in cheapest_first),
        tuple(_held(one, now) for one in sorted(plans, key=lambda one: float(one["ends"]))),
    )


def _as_json(wanted: SelectBase) -> ScalarSelect[Any]:
    rows = wanted.subquery()
    found = func.jsonb_agg(func.to_jsonb(rows.table_valued()))
    return select(func.coalesce(found, cast([], JSONB))).select_from(rows).scalar_subquery()


def _package(one: Mapping[str, Any]) -> PackageView:
    return PackageView(
        one["id"], one["consultant_id"], one["service_id"], Words.of(one["title"]), one["unit"], one["quantity"],
        Money(one["price_minor"], one["currency"]), one["valid_days"], one["active"],
    )  # fmt: skip


def _held(one: Mapping[str, Any], now: datetime) -> HeldLine:
    return HeldLine(
        Words.of(one["title"]), rules.units_words(one["left_units"], one["unit"]),
        rules.units_words(one["quantity_units"], one["unit"]), datetime.fromtimestamp(float(one["ends"]), now.tzinfo),
    )  # fmt: skip
