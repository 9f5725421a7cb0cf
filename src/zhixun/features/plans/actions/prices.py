"""Price tables: whose line it is, and that it makes sense."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.features.plans import queries, rules
from zhixun.features.plans.models import PriceRuleRow
from zhixun.features.plans.rules import HOUSE, PriceRule
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork

RULES_MAX = 20


class TooManyRules(Conflict):
    code, message = "too_many_price_rules", N_("A price table has at most 20 lines. Please take one away first.")


def set_price_rule(uow: UnitOfWork, *, owner_id: str, rule: PriceRule) -> None:
    """Add a line to the price table of the house or of a consultant, or change it. Bookings made keep their price.

    Raises Invalid, NotFound (another consultant's), RightNeeded (the house's), TooManyRules.
    """
    _check_owner(uow, owner_id)
    rules.check_price_rule(rule)
    standing = queries.rules_of(uow.db, owner_id)
    is_new = (rule.kind, rule.value) not in {(one.kind, one.value) for one in standing}
    if is_new and len(standing) >= RULES_MAX:
        raise TooManyRules
    line = insert(PriceRuleRow).values(
        owner_id=owner_id, kind=rule.kind, value=rule.value, factor_bps=rule.factor_bps
    )  # fmt: skip
    uow.db.execute(
        line.on_conflict_do_update(
            index_elements=["owner_id", "kind", "value"], set_={"factor_bps": line.excluded.factor_bps}
        )
    )


def drop_price_rule(uow: UnitOfWork, *, owner_id: str, kind: str, value: str) -> None:
    """Take a line away; one that is not there is fine. Raises NotFound, RightNeeded."""
    _check_owner(uow, owner_id)
    uow.db.execute(
        delete(PriceRuleRow).where(
            PriceRuleRow.owner_id == owner_id, PriceRuleRow.kind == kind, PriceRuleRow.value == value
        )
    )


def _check_owner(uow: UnitOfWork, owner_id: str) -> None:
    if owner_id == HOUSE:
        check_right(uow.actor, "run_house")
    elif not (uow.actor.is_a("system") or uow.actor.user_id == owner_id) or not catalog.is_listed(uow.db, owner_id):
        raise NotFound
