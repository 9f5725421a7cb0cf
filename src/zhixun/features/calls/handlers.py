from zhixun.events.booking import SessionCompleted
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def record_attendance(event: SessionCompleted) -> None:
    with unit_of_work() as uow:
        actions.record_attendance(uow, booking_id=event.booking_id)
