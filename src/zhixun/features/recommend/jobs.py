from __future__ import annotations

import logging

from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries

log = logging.getLogger(__name__)


def train_nightly() -> None:
    """Learn from what people chose; the live model gives way only to one that is not worse."""
    with Session() as db:
        found = queries.verdict(db)
    log.info("recommendation model: %s %s", found.outcome, dict(found.figures))
    if found.trained_until is not None:
        with unit_of_work() as uow:
            actions.replace_model(
                uow,
                trainer=found.trainer,
                weights=found.weights,
                trained_until=found.trained_until,
                figures=found.figures,
            )
