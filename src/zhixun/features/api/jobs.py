from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def forget_old_keys() -> None:
    with unit_of_work() as uow:
        actions.forget_old_keys(uow)
        actions.forget_ended_keys(uow)
