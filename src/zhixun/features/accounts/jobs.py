from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def forget_lapsed() -> None:
    with unit_of_work() as uow:
        actions.forget_lapsed(uow)
