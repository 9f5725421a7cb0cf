from zhixun.events.payments import PaymentCaptured, PaymentFailed
from zhixun.features.payments.rules import order_of
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def hand_over_when_paid(event: PaymentCaptured) -> None:
    if order_id := order_of(event.purpose):
        with unit_of_work() as uow:
            actions.fulfil_if_paid(uow, order_id=order_id)


def note_refused_renewal(event: PaymentFailed) -> None:
    if order_id := order_of(event.purpose):
        with unit_of_work() as uow:
            actions.renewal_refused(uow, order_id=order_id)
