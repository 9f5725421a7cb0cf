"""What the clock does for quality: choose sessions for the experts, and let no seat and no case wait for ever."""

import logging

from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id, utc_now

from . import actions, queries, rules

log = logging.getLogger(__name__)


def choose_sessions() -> None:
    """Each chosen session in a transaction of its own; one whose client took the consent back meanwhile is left out."""
    with Session() as db:
        chosen = rules.choose_cases(queries.candidates(db, utc_now()), count=rules.CASES_PER_NIGHT)
    for booking_id in chosen:
        try:
            with unit_of_work() as uow:
                actions.open_case(uow, booking_id=booking_id)
        except NotFound:
            log.info("session %s is no longer for the experts", booking_id)


def learn() -> None:
    """Read, then learn with no transaction open, then keep what was learned."""
    with Session() as db:
        examples, held = queries.examples(db, utc_now())
    fitted = rules.learn(examples)
    if fitted is None:
        log.info("too few sessions were read by experts to learn from them")
        return
    with unit_of_work() as uow:
        actions.keep_model(uow, model_id=new_id(), fitted=fitted, held=held)


def pass_time() -> None:
    with unit_of_work() as uow:
        actions.free_overdue_seats(uow)
        actions.close_overdue(uow)
