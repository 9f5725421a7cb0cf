from zhixun.events.payments import RefundCompleted
from zhixun.features.payments import queries as payments
from zhixun.features.payments.rules import booking_of
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def take_back_points(event: RefundCompleted) -> None:
    """Only what a completed session earned is there to be taken back."""
    if booking_id := booking_of(event.purpose):
        with unit_of_work() as uow:
            back = payments.refunded_total(uow.db, event.purpose, event.currency)
            actions.take_back_points(uow, booking_id=booking_id, refunded=back)
