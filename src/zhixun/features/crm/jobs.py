"""Two weeks after a session the clock asks its client whether it helped."""

from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import actions, queries


def ask_whether_it_helped() -> None:
    """Each in a transaction of its own."""
    with Session() as db:
        due = queries.due_for_check(db, utc_now())
    for booking_id in due:
        with unit_of_work() as uow:
            actions.ask_whether_it_helped(uow, booking_id=booking_id)
