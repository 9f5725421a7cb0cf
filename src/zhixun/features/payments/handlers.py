from zhixun.events.payments import CollectionRequested, RefundRequested
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM

from . import actions, queries
from .ports import Capture, PaymentGateways
from .rules import PaymentState


def send_money_back(event: RefundRequested) -> None:
    """The gateway knows the refund's id, so asking it again after a crash sends no second refund."""
    with Session() as db:
        refund = queries.refund(db, event.refund_id)
    if refund.completed:
        return
    gateway = service(PaymentGateways)[refund.gateway]
    reference = gateway.refund(refund.id, refund.payment_id, refund.charge_ref, refund.amount)
    with unit_of_work() as uow:
        actions.record_refund(uow, refund_id=refund.id, provider_ref=reference)


def collect(event: CollectionRequested) -> None:
    """The gateway knows the payment's id, so asking it again after a crash takes the money once."""
    with Session() as db:
        payment = queries.payment(db, event.payment_id, SYSTEM)
    if payment.state is not PaymentState.PENDING:
        return
    said = service(PaymentGateways)[payment.gateway].collect(payment.id, payment.amount, event.like_payment_id)
    with unit_of_work() as uow:
        if isinstance(said, Capture):
            actions.settle(uow, gateway=payment.gateway, capture=said)
        else:
            actions.fail_payment(uow, gateway=payment.gateway, failure=said)
