"""The clock's part in a call's life. One short transaction per call, so that one bad row stops no other."""

import logging

from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries

log = logging.getLogger(__name__)


def pass_time() -> None:
    with unit_of_work() as uow:
        due = queries.due_by_time(uow.db, uow.now)
    for call_id in due:
        try:
            with unit_of_work() as uow:
                actions.pass_time(uow, call_id=call_id)
        except Exception:  # one bad call must not keep the others' money; the next minute tries again
            log.exception("call %s could not take its exit by time", call_id)
