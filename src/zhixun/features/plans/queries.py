from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel.values import Words

from . import rules
from .models import PriceRuleRow
from .rules import HOUSE, PriceRule, PriceTable, Quote


def rules_of(db: Session, owner_id: str) -> list[PriceRule]:
    """The rules that the house or one consultant has set, in the order of their steps. One statement."""
    rows = db.scalars(select(PriceRuleRow).where(PriceRuleRow.owner_id == owner_id))
    found = [PriceRule(row.kind, row.value, row.factor_bps) for row in rows]
    return sorted(found, key=lambda rule: (rules.KINDS.index(rule.kind), rule.value))


def price_table(db: Session, consultant_id: str) -> PriceTable:
    """The rules that hold for one consultant. One statement."""
    rows = list(db.scalars(select(PriceRuleRow).where(PriceRuleRow.owner_id.in_((HOUSE, consultant_id)))))
    house, own = (
        [PriceRule(row.kind, row.value, row.factor_bps) for row in rows if row.owner_id == owner]
        for owner in (HOUSE, consultant_id)
    )
    return rules.merged(house, own)


def price_notes(db: Session, consultant_id: str) -> tuple[Words, ...]:
    """When a consultant's price differs from the listed one, in words; a seniority is a fact, not a time. At most two
    statements."""
    table = price_table(db, consultant_id)
    told = [rule for rule in table.rules if rule.kind != "seniority"]
    if not told:
        return ()
    if catalog.pricing_facts(db, consultant_id).takes_crises:
        told = [rule for rule in told if rule.factor_bps < rules.UNCHANGED_BPS]
    return tuple(rules.rule_words(rule) for rule in told)


def quote(db: Session, *, service: ServiceView, starts_at: datetime, now: datetime, brief: str = "") -> Quote:
    """What this service costs at this time, asked for now, line by line. `brief` may speak of danger.

    One statement where no rules hold for the consultant, three else.
    """
    table = price_table(db, service.consultant_id)
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
