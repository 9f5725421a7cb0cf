from zhixun.kernel.unit_of_work import unit_of_work

from . import actions

ROUNDS_MAX = 200


def forget_old() -> None:
    """Batch by batch, each in its own transaction, until nothing is too old any more."""
    for _ in range(ROUNDS_MAX):
        with unit_of_work() as uow:
            if not actions.forget_old(uow):
                return
