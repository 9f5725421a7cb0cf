"""The sandbox's own records of the past, and what comparing them with ours shows on the desk."""

from __future__ import annotations

from datetime import datetime, timedelta

from zhixun.adapters.payment_gateway.sandbox import SandboxGateway
from zhixun.features.payments import jobs as payment_jobs
from zhixun.features.payments import queries as payments
from zhixun.features.payments.ports import PaymentGateways
from zhixun.features.payments.rules import Record
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.values import Money

from .lives import GATEWAY
from .words import id_of

STRAY = Money(26_000)
"""One charge that only the provider knows, so that the page shows what a difference looks like."""


def reconcile_history(now: datetime, *, days: int) -> None:
    """The past was booked directly; the sandbox has to know of it as a provider would. Twice is once."""
    sandbox = service(PaymentGateways).get(GATEWAY)
    if not isinstance(sandbox, SandboxGateway):
        return
    with Session() as db:
        kept = payments.kept_between(db, GATEWAY, from_=now - timedelta(days=days + 1), until=now)
    stray = Record("charge", "sandbox-stray", id_of("payment", "stray"), STRAY, now - timedelta(days=3))
    records = [Record(one.subject, one.reference, one.our_id, one.amount, one.at) for one in kept]
    sandbox.note(*records, stray)
    payment_jobs.reconcile_nightly()
