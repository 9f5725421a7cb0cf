"""The clock's part in the life of a plan. One short transaction per plan, so that one bad row stops no other."""

import logging

from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries

log = logging.getLogger(__name__)


def pass_time() -> None:
    after = ""
    while True:
        with unit_of_work() as uow:
            found = queries.due_by_time(uow.db, uow.now, after=after)
        if not found:
            return
        for holding_id in found:
            try:
                with unit_of_work() as uow:
                    actions.pass_time(uow, holding_id=holding_id)
            except Exception:  # one bad plan must not keep the others from their time; the next run tries again
                log.exception("plan %s could not take its exit by time", holding_id)
        after = found[-1]
