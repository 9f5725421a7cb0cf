from zhixun.events.payments import RefundRequested
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries
from .ports import PaymentGateways


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
