import logging

from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries

log = logging.getLogger(__name__)


def pass_time() -> None:
    """One short transaction per dispute, so that one bad row stops no other."""
    with unit_of_work() as uow:
        found = queries.due(uow.db, uow.now)
    for dispute_id in found:
        try:
            with unit_of_work() as uow:
                actions.pass_time(uow, dispute_id=dispute_id)
        except Exception:  # one bad dispute must not keep the others from their ends; the next look tries again
            log.exception("dispute %s could not take its exit by time", dispute_id)
