from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def pass_time() -> None:
    """Hourly: what nobody decided lapses, what has run out ends, and what soon will is told to its owner."""
    with unit_of_work() as uow:
        actions.pass_time(uow)
        actions.tell_expiring(uow)
