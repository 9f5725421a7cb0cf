"""Price tables: whose line it is, and that it makes sense."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.features.plans import queries, rules
from zhixun.features.plans.models import PriceRuleRow
from zhixun.features.plans.rules import HOUSE, PriceRule
from zhixun.kernel import audit
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork

RULES_MAX = 20
AHEAD_MAX = timedelta(days=731)
"""Further ahead nobody plans a price."""


class TooManyRules(Conflict):
    code, message = "too_many_price_rules", N_("A price table has at most 20 lines. Please take one away first.")


def set_price_rule(uow: UnitOfWork, *, owner_id: str, rule: PriceRule, from_at: datetime | None = None) -> None:
    """Add a line to the price table of the house or of a consultant, or let it have another factor from `from_at` (now)
    on. What was in force before stays on record, and bookings made keep their price; what was planned for later than
    `from_at` gives way.

    Raises Invalid (also for a moment that has passed), NotFound (another consultant's), RightNeeded (the house's),
    TooManyRules.
    """
    _check_owner(uow, owner_id)
    rules.check_price_rule(rule)
    begins = _to_come(uow, from_at)
    others = {(one.kind, one.value) for one in queries.rules_of(uow.db, owner_id, begins)} - {(rule.kind, rule.value)}
    if len(others) >= RULES_MAX:
        raise TooManyRules
    _let_end(uow, owner_id, rule.kind, rule.value, begins)
    uow.db.add(
        PriceRuleRow(
            owner_id=owner_id, kind=rule.kind, value=rule.value, from_at=begins, until_at=None, factor_bps=rule.factor_bps
        )
    )  # fmt: skip
    uow.db.flush()
    _note(uow, owner_id, "price_rule_set", kind=rule.kind, value=rule.value, factor_bps=rule.factor_bps, at=begins)


def drop_price_rule(uow: UnitOfWork, *, owner_id: str, kind: str, value: str, until_at: datetime | None = None) -> None:
    """Let a line end at `until_at` (now); one that is not there is fine. Raises Invalid, NotFound, RightNeeded."""
    _check_owner(uow, owner_id)
    ends = _to_come(uow, until_at)
    if _let_end(uow, owner_id, kind, value, ends):
        _note(uow, owner_id, "price_rule_ended", kind=kind, value=value, at=ends)


def _to_come(uow: UnitOfWork, at: datetime | None) -> datetime:
    if at is None:
        return uow.now
    if at < uow.now:
        raise Invalid(fields={"from": N_("Prices change from now on or later; what was in force stays as it was.")})
    if at > uow.now + AHEAD_MAX:
        raise Invalid(fields={"from": N_("Please choose a day within the next two years.")})
    return at


def _let_end(uow: UnitOfWork, owner_id: str, kind: str, value: str, at: datetime) -> int:
    """What is in force at `at` ends then; what would begin later never does. How many versions that touched."""
    rows = list(
        uow.db.scalars(
            select(PriceRuleRow)
            .where(
                PriceRuleRow.owner_id == owner_id, PriceRuleRow.kind == kind, PriceRuleRow.value == value,
                or_(PriceRuleRow.until_at.is_(None), PriceRuleRow.until_at > at),
            )
            .with_for_update()
        )
    )  # fmt: skip
    for row in rows:
        if row.from_at >= at:
            uow.db.delete(row)
        else:
            row.until_at = at
    uow.db.flush()
    return len(rows)


def _note(uow: UnitOfWork, owner_id: str, deed: str, *, at: datetime, **details: str | int) -> None:
    if owner_id == HOUSE:
        audit.record(uow, deed, subject_id=HOUSE, at=at.isoformat(), **details)


def _check_owner(uow: UnitOfWork, owner_id: str) -> None:
    if owner_id == HOUSE:
        check_right(uow.actor, "run_house")
    elif not (uow.actor.is_a("system") or uow.actor.user_id == owner_id) or not catalog.is_listed(uow.db, owner_id):
        raise NotFound
