from zhixun.kernel.unit_of_work import unit_of_work

from . import actions

BATCH = 200


def wake_due() -> None:
    with unit_of_work() as uow:
        actions.wake_due(uow, limit=BATCH)


def forget_old() -> None:
    with unit_of_work() as uow:
        actions.forget_old(uow)
