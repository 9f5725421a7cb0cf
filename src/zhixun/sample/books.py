"""The sandbox's own records of the past, and what comparing them with ours shows on the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from zhixun.adapters.payment_gateway.sandbox import SandboxGateway
from zhixun.events.payments import PaymentCaptured, RefundCompleted
from zhixun.features.payments import actions as payment_actions
from zhixun.features.payments import queries as payments
from zhixun.features.payments.ports import PaymentGateways
from zhixun.features.payments.rules import AROUND, RECONCILED_DAYS, Kept, Record, day_bounds
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import Money

from .words import id_of

GATEWAY = "sandbox"
STRAY = Money(26_000)
"""One charge that only the provider knows, so that the page shows what a difference looks like."""
STRAY_REFERENCE, STRAY_AGO = "example-of-a-difference", timedelta(days=3)


def moved(uow: UnitOfWork) -> list[Record]:
    """What was charged and sent back in this transaction, as a provider would know it."""
    paid = [fact.payment_id for fact in uow.facts if isinstance(fact, PaymentCaptured)]
    back = [fact.refund_id for fact in uow.facts if isinstance(fact, RefundCompleted)]
    if not paid and not back:
        return []
    uow.db.flush()
    return _records(payments.kept_of(uow.db, GATEWAY, payment_ids=paid, refund_ids=back))


def tell_provider(records: Sequence[Record]) -> None:
    """The past is booked directly; the sandbox has to know of it at once, as the clock may compare at any moment."""
    sandbox = _sandbox()
    if sandbox is not None and records:
        sandbox.note(*records)


def reconcile_history(now: datetime, *, days: int) -> None:
    """Whatever the sandbox was not told (the fill was killed at that moment), one example of a difference, and the last
    days compared again, with all that has been booked on them. Twice is once."""
    sandbox = _sandbox()
    if sandbox is None:
        return
    since = now - timedelta(days=days + 1)
    with Session() as db:
        kept = payments.kept_between(db, GATEWAY, from_=since, until=now)
    known = {(one.subject, one.reference) for one in sandbox.records(since, now)}
    stray = Record("charge", STRAY_REFERENCE, id_of("payment", "stray"), STRAY, now - STRAY_AGO)
    sandbox.note(*(one for one in (*_records(kept), stray) if (one.subject, one.reference) not in known))
    for back in range(RECONCILED_DAYS, 0, -1):
        compare_day(sandbox, now.date() - timedelta(days=back), now)


def compare_day(sandbox: SandboxGateway, day: date, now: datetime) -> None:
    from_, until = day_bounds(day)
    records = sandbox.records(from_ - AROUND, until + AROUND)
    with unit_of_work(now=now) as uow:
        payment_actions.reconcile(uow, gateway=GATEWAY, day=day, records=records)


def _sandbox() -> SandboxGateway | None:
    gateway = service(PaymentGateways).get(GATEWAY)
    return gateway if isinstance(gateway, SandboxGateway) else None


def _records(kept: Sequence[Kept]) -> list[Record]:
    return [Record(one.subject, one.reference, one.our_id, one.amount, one.at) for one in kept if one.done]
