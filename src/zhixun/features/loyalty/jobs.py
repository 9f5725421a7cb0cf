"""The clock's part in points. One short transaction per lot, so that one bad row stops no other."""

import logging

from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries

log = logging.getLogger(__name__)


def expire_points() -> None:
    after = ""
    while True:
        with unit_of_work() as uow:
            found = queries.due_to_expire(uow.db, uow.now, after=after)
        if not found:
            return
        for lot_id in found:
            try:
                with unit_of_work() as uow:
                    actions.expire_points(uow, lot_id=lot_id)
            except Exception:  # one bad lot must not keep the others from their time; the next run tries again
                log.exception("points %s could not expire", lot_id)
        after = found[-1]
