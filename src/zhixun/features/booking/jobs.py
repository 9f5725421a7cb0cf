"""The clock's part in a booking's life. One short transaction per booking, so that one bad row stops no other."""

import logging
from collections.abc import Callable

from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries

log = logging.getLogger(__name__)


def pass_time() -> None:
    _for_each(queries.due_by_time, actions.pass_time)


def release_money() -> None:
    _for_each(queries.due_for_release, actions.release_money)


def call_off() -> None:
    """Go on with days their consultants have called off, where something still stands."""
    with unit_of_work() as uow:
        actions.state_days_off_open(uow)


def decide_groups() -> None:
    """Whether group sessions take place; one that cannot be decided stops no other."""
    after = ""
    while True:
        with unit_of_work() as uow:
            found = queries.groups_due(uow.db, uow.now, after=after)
        if not found:
            return
        for group_id in found:
            try:
                with unit_of_work() as uow:
                    actions.decide_group(uow, group_id=group_id)
            except Exception:  # the next minute tries again
                log.exception("whether group session %s takes place could not be decided", group_id)
        after = found[-1]


def _for_each(due: Callable[..., list[str]], deed: Callable[..., object]) -> None:
    """Do the deed to every booking that is due. One that fails is logged, and shown to operators as stuck."""
    after = ""
    while True:
        with unit_of_work() as uow:
            found = due(uow.db, uow.now, after=after)
        if not found:
            return
        for booking_id in found:
            try:
                with unit_of_work() as uow:
                    deed(uow, booking_id=booking_id)
            except Exception:  # one bad booking must not keep the others from their exits; the next minute tries again
                log.exception("booking %s could not take its exit by time", booking_id)
        after = found[-1]
