from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def remind() -> None:
    with unit_of_work() as uow:
        actions.remind(uow)


def release_held_mails() -> None:
    with unit_of_work() as uow:
        actions.release_held_mails(uow)
