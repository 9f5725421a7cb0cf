from __future__ import annotations

import logging

from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import actions, queries, rules
from .ports import PaymentGateways

log = logging.getLogger(__name__)


def reconcile_nightly() -> None:
    """Every day that is over and not compared yet, of every gateway."""
    for name, gateway in service(PaymentGateways).items():
        with Session() as db:
            days = queries.not_reconciled(db, name, utc_now().date())
        for day in days:
            from_, until = rules.day_bounds(day)
            records = gateway.records(from_ - rules.AROUND, until + rules.AROUND)
            with unit_of_work() as uow:
                found = actions.reconcile(uow, gateway=name, day=day, records=records)
            if not found.holds:
                log.error("%s and we differ on %s: %s differences", name, day, len(found.differences))
