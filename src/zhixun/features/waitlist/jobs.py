"""Every minute each list that somebody waits in is looked at; one that fails stops no other."""

import logging

from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries

log = logging.getLogger(__name__)


def pass_on() -> None:
    with unit_of_work() as uow:
        waited_for = queries.consultants_waited_for(uow.db)
    for consultant_id in waited_for:
        try:
            with unit_of_work() as uow:
                actions.pass_on(uow, consultant_id=consultant_id)
        except Exception:  # one bad list must not keep the others waiting; the next minute tries again
            log.exception("the waiting list of %s could not be passed on", consultant_id)
