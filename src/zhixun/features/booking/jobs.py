"""The clock's part in a booking's life. One short transaction per booking, so that one bad row stops no other."""

from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries


def pass_time() -> None:
    with unit_of_work() as uow:
        due = queries.due_by_time(uow.db, uow.now)
    for booking_id in due:
        with unit_of_work() as uow:
            actions.pass_time(uow, booking_id=booking_id)


def release_money() -> None:
    with unit_of_work() as uow:
        due = queries.due_for_release(uow.db, uow.now)
    for booking_id in due:
        with unit_of_work() as uow:
            actions.release_money(uow, booking_id=booking_id)
