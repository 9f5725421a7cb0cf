from zhixun.events.payments import PaymentCaptured
from zhixun.features.payments.rules import booking_of
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def confirm_when_paid(event: PaymentCaptured) -> None:
    if booking_id := booking_of(event.purpose):
        with unit_of_work() as uow:
            actions.confirm_if_paid(uow, booking_id=booking_id)
