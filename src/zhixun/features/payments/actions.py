from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.payments import (
    CollectionRequested,
    PaymentCaptured,
    PaymentFailed,
    RefundCompleted,
    RefundRequested,
)
from zhixun.features.accounts.rules import check_right
from zhixun.features.ledger import actions as ledger
from zhixun.features.ledger.rules import Line, escrow_for, gateway_account, refunds_account
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.tables import bare
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, new_id

from . import queries
from .models import Charge, DifferenceRow, Part, Payment, ProviderEvent, Reconciliation, Refund
from .ports import Capture, Failure
from .queries import ReconciliationView
from .rules import Difference, PaymentState, Record, Settlement, capture_key, compare, day_bounds


class RefundTooMuch(Conflict):
    code, message = "refund_too_much", N_("More cannot be given back than was paid.")


class AlreadyPaid(Conflict):
    code, message = "already_paid", N_("This has been paid already.")


def request_payment(
    uow: UnitOfWork,
    *,
    payment_id: str,
    payer_id: str,
    purpose: str,
    amount: Money,
    gateway: str,
    expires_at: datetime,
) -> str:
    """Ask for money. Nothing is charged here; the payer does that at the gateway. Nothing to pay settles at once."""
    asked = {
        "id": payment_id, "payer_id": payer_id, "purpose": purpose, "amount_minor": amount.amount_minor,
        "currency": amount.currency, "gateway": gateway, "state": PaymentState.PENDING if amount else PaymentState.CAPTURED,
        "expires_at": expires_at, "created_at": uow.now, "captured_at": None if amount else uow.now,
    }  # fmt: skip
    uow.db.execute(_ASK, asked)
    if not amount:
        uow.emit(_captured(payment_id, purpose, amount))
    return payment_id


_ASK = insert(bare(Payment))


def request_joint_payment(
    uow: UnitOfWork,
    *,
    payment_id: str,
    payer_id: str,
    purpose: str,
    parts: Mapping[str, Money],
    gateway: str,
    expires_at: datetime,
) -> str:
    """Ask once for the money of several purposes, each with its part. Each is then captured, refunded and looked up by
    itself, under its own purpose. Where nothing is to pay, `settle_nothing` ends it."""
    currency = next(iter(parts.values())).currency
    total = sum(parts.values(), Money(0, currency))
    uow.db.add(
        Payment(
            id=payment_id, payer_id=payer_id, purpose=purpose, amount_minor=total.amount_minor, currency=currency,
            gateway=gateway, state=PaymentState.PENDING, expires_at=expires_at, created_at=uow.now, captured_at=None,
        )
    )  # fmt: skip
    uow.db.flush()
    lines = [Part(purpose=of, payment_id=payment_id, amount_minor=one.amount_minor) for of, one in parts.items()]
    uow.db.add_all(lines)
    uow.db.flush()
    return payment_id


def change_part(uow: UnitOfWork, *, purpose: str, amount: Money) -> None:
    """Ask for another amount for one purpose of a joint payment, while nothing has come in. A charge of the former total
    that is on its way goes back by itself. Raises AlreadyPaid."""
    part, payment = _locked_part(uow, purpose)
    if payment.state == PaymentState.CAPTURED:
        raise AlreadyPaid
    payment.amount_minor += amount.amount_minor - part.amount_minor
    part.amount_minor, payment.state = amount.amount_minor, PaymentState.PENDING
    uow.db.flush()


def drop_part(uow: UnitOfWork, *, purpose: str) -> None:
    """Ask for the money of one purpose no more. Where it has come in already it stays: that is for a refund."""
    part, payment = _locked_part(uow, purpose)
    if payment.state != PaymentState.CAPTURED:
        payment.amount_minor -= part.amount_minor
        uow.db.delete(part)
        uow.db.flush()


def _locked_part(uow: UnitOfWork, purpose: str) -> tuple[Part, Payment]:
    part = uow.db.get_one(Part, purpose)
    payment = uow.db.get_one(Payment, part.payment_id, with_for_update=True, populate_existing=True)
    uow.db.refresh(part)
    return part, payment


def change_amount(uow: UnitOfWork, *, payment_id: str, amount: Money) -> None:
    """Ask for another amount than before, while nothing has come in. Where it is nothing, `settle_nothing` ends it.

    A charge of the former amount that is on its way goes back by itself. Raises AlreadyPaid.
    """
    payment = uow.db.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)
    if payment.amount_minor == amount.amount_minor and payment.currency == amount.currency:
        return
    if payment.state == PaymentState.CAPTURED:
        raise AlreadyPaid
    payment.amount_minor, payment.currency, payment.state = amount.amount_minor, amount.currency, PaymentState.PENDING
    uow.db.flush()


def settle_nothing(uow: UnitOfWork, *, payment_id: str) -> None:
    """Nothing is to be paid: then this is settled. Twice is once; where there is something to pay it changes nothing."""
    payment = uow.db.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)
    if payment.amount_minor or payment.state == PaymentState.CAPTURED:
        return
    payment.state, payment.captured_at = PaymentState.CAPTURED, uow.now
    for purpose, amount in _parts_of(uow, payment, Money(0, payment.currency)).items():
        uow.emit(_captured(payment_id, purpose, amount))
    uow.db.flush()


def request_collection(uow: UnitOfWork, *, payment_id: str, like_payment_id: str) -> None:
    """Let the gateway collect a payment without its payer, as another one was paid; a fact carries it there."""
    uow.emit(CollectionRequested(payment_id=payment_id, like_payment_id=like_payment_id))


def settle(uow: UnitOfWork, *, gateway: str, capture: Capture) -> Settlement:
    """THE way money comes in, for webhook and browser return alike; each provider event counts once.

    The payment's row is locked, so of two reports at the same moment one waits. What is not asked for (a second
    charge, another amount) is booked too, because it did come in, and sent back whole. Money for a payment we do not
    have is only noted, for an operator. Raises Invalid for a capture of nothing.
    """
    if capture.amount.amount_minor <= 0 or not capture.provider_ref:
        raise Invalid
    payment = uow.db.get(Payment, capture.payment_id, with_for_update=True, populate_existing=True)
    settlement = _settlement(payment if payment and payment.gateway == gateway else None, capture)
    if not _heard_first(uow, gateway, capture.provider_ref, capture.payment_id, settlement):
        return Settlement.ALREADY_CAPTURED
    if payment is None or settlement is Settlement.UNKNOWN_PAYMENT:
        return Settlement.UNKNOWN_PAYMENT
    charge = Charge(
        id=new_id(), payment_id=payment.id, gateway=gateway, provider_ref=capture.provider_ref,
        amount_minor=capture.amount.amount_minor, currency=capture.amount.currency,
        settlement=settlement, at=uow.now,
    )  # fmt: skip
    uow.db.add(charge)
    uow.db.flush()
    if settlement is not Settlement.CAPTURED:
        key = capture_key(gateway, capture.provider_ref)
        _book_in(uow, key, payment.purpose, gateway, capture.amount, refunds_account(gateway))
        _ask_back(
            uow, charge, refund_id=charge.id, purpose=payment.purpose, amount=capture.amount, reason=settlement
        )  # fmt: skip
        return settlement
    payment.state, payment.captured_at = PaymentState.CAPTURED, uow.now
    for purpose, amount in _parts_of(uow, payment, capture.amount).items():
        key = capture_key(gateway, capture.provider_ref, purpose if purpose != payment.purpose else "")
        if amount:
            _book_in(uow, key, purpose, gateway, amount, escrow_for(purpose))
        uow.emit(_captured(payment.id, purpose, amount))
    return settlement


def hand_over(uow: UnitOfWork, *, from_purpose: str, to_purpose: str) -> None:
    """What was paid for one thing pays for another from now on: its escrow moves, and refunds are asked for by the new
    purpose. Handed over already is done once. Raises NotFound where nothing was paid."""
    payment = uow.db.scalar(
        select(Payment)
        .where(Payment.purpose.in_((from_purpose, to_purpose)), Payment.state == PaymentState.CAPTURED)
        .with_for_update()
    )
    if payment is None:
        raise NotFound
    if payment.purpose == to_purpose:
        return
    payment.purpose = to_purpose
    amount = Money(payment.amount_minor, payment.currency)
    uow.db.flush()
    if amount:
        ledger.post(
            uow,
            key=f"answered:{payment.id}",
            kind="answered",
            purpose=to_purpose,
            lines=[Line(escrow_for(from_purpose), -amount), Line(escrow_for(to_purpose), amount)],
        )


def fail_payment(uow: UnitOfWork, *, gateway: str, failure: Failure) -> None:
    """The provider refused. The payer may try again: a later capture still counts. Reported twice is heard once."""
    payment = uow.db.get(Payment, failure.payment_id, with_for_update=True, populate_existing=True)
    if failure.provider_ref and not _heard_first(uow, gateway, failure.provider_ref, failure.payment_id, "failed"):
        return
    if payment is None or payment.gateway != gateway or payment.state != PaymentState.PENDING:
        return
    payment.state = PaymentState.FAILED
    uow.emit(PaymentFailed(payment_id=payment.id, purpose=payment.purpose))


def request_refund(
    uow: UnitOfWork, *, refund_id: str, purpose: str, amount: Money | None, reason: str, note: str = ""
) -> None:
    """Set money aside to go back to the payer; a fact carries it to the gateway. The same `refund_id` asks once.

    `amount=None` gives back all that is left; `note` is what an operator writes about it. Raises NotFound where nothing was captured, RefundTooMuch.
    """
    assert amount is None or amount.amount_minor > 0, "a refund is an amount that goes back"
    payment = uow.db.scalar(
        select(Payment)
        .where(queries.pays_for(purpose), Payment.state == PaymentState.CAPTURED)
        .order_by(Payment.created_at.desc())
        .limit(1)
        .with_for_update()
    )
    if payment is None:
        raise NotFound
    charge = uow.db.scalar(
        select(Charge).where(Charge.payment_id == payment.id, Charge.settlement == Settlement.CAPTURED)
    )
    if charge is None:
        raise NotFound
    if uow.db.get(Refund, refund_id) is not None:  # asked under the lock, so that two at once ask once
        return
    paid = _parts_of(uow, payment, Money(charge.amount_minor, charge.currency))[purpose]
    left = paid - queries.refunded_total(uow.db, purpose, charge.currency)
    wanted = left if amount is None else amount
    if wanted.currency != left.currency or wanted > left:
        raise RefundTooMuch
    if not wanted:
        return
    ledger.post(
        uow,
        key=f"refund:{refund_id}",
        kind="refund",
        purpose=purpose,
        lines=[
            *ledger.sources_of_refund(uow, purpose=purpose, amount=wanted),
            Line(refunds_account(payment.gateway), wanted),
        ],
    )
    _ask_back(uow, charge, refund_id=refund_id, purpose=purpose, amount=wanted, reason=reason, note=note)


def record_refund(uow: UnitOfWork, *, refund_id: str, provider_ref: str) -> None:
    """The gateway has sent the money back. Recording twice is recording once."""
    refund = uow.db.get(Refund, refund_id, with_for_update=True, populate_existing=True)
    if refund is None:
        raise NotFound
    if refund.state == "completed":
        return
    payment = uow.db.get_one(Payment, refund.payment_id)
    amount = Money(refund.amount_minor, refund.currency)
    ledger.post(
        uow,
        key=f"refunded:{refund_id}",
        kind="refunded",
        purpose=refund.purpose,
        lines=[Line(refunds_account(payment.gateway), -amount), Line(gateway_account(payment.gateway), amount)],
    )
    refund.state, refund.provider_ref, refund.completed_at = "completed", provider_ref, uow.now
    uow.emit(
        RefundCompleted(
            refund_id=refund_id, payment_id=refund.payment_id, purpose=refund.purpose,
            amount_minor=refund.amount_minor, currency=refund.currency,
        )
    )  # fmt: skip


def reconcile(uow: UnitOfWork, *, gateway: str, day: date, records: Sequence[Record]) -> ReconciliationView:
    """Compare a day of ours with the provider's `records` of it (which reach AROUND further) and keep what differs.

    The same day again replaces what was found before. Raises RightNeeded, Invalid for a day that has not begun.
    """
    check_right(uow.actor, "pay_out")
    from_, until = day_bounds(day)
    if from_ > uow.now:
        raise Invalid(fields={"day": N_("This day is still to come.")})
    ours = queries.kept_between(uow.db, gateway, from_=from_, until=until, named=records)
    found = compare(records, ours, gateway=gateway, from_=from_, until=until)
    of_day = [one for one in records if from_ <= one.at < until]
    charges = sum(one.subject == "charge" for one in of_day)
    uow.db.execute(delete(Reconciliation).where(Reconciliation.gateway == gateway, Reconciliation.day == day))
    uow.db.add(
        Reconciliation(
            gateway=gateway, day=day, checked_at=uow.now, charges=charges, refunds=len(of_day) - charges
        )
    )  # fmt: skip
    uow.db.flush()
    uow.db.add_all(_row(gateway, day, number, one) for number, one in enumerate(found, 1))
    uow.db.flush()
    return ReconciliationView(gateway, day, uow.now, charges, len(of_day) - charges, tuple(found))


def _row(gateway: str, day: date, number: int, one: Difference) -> DifferenceRow:
    return DifferenceRow(
        gateway=gateway, day=day, number=number, kind=one.kind, subject=one.subject, reference=one.reference,
        our_id=one.our_id, theirs_minor=one.theirs.amount_minor if one.theirs else None,
        theirs_currency=one.theirs.currency if one.theirs else None,
        ours_minor=one.ours.amount_minor if one.ours else None, ours_currency=one.ours.currency if one.ours else None,
        proposed=[
            {"account": line.account, "amount_minor": line.amount.amount_minor, "currency": line.amount.currency}
            for line in one.proposed
        ],
    )  # fmt: skip


def _parts_of(uow: UnitOfWork, payment: Payment, whole: Money) -> dict[str, Money]:
    """Purpose → what of `whole` is for it; a payment for one thing is for that."""
    rows = uow.db.scalars(select(Part).where(Part.payment_id == payment.id).order_by(Part.purpose))
    return {row.purpose: Money(row.amount_minor, whole.currency) for row in rows} or {payment.purpose: whole}


def _book_in(uow: UnitOfWork, key: str, purpose: str, gateway: str, amount: Money, into: str) -> None:
    lines = [Line(gateway_account(gateway), -amount), Line(into, amount)]
    ledger.post(uow, key=key, kind="capture", purpose=purpose, lines=lines)


def _settlement(payment: Payment | None, capture: Capture) -> Settlement:
    if payment is None:
        return Settlement.UNKNOWN_PAYMENT
    if capture.amount != Money(payment.amount_minor, payment.currency):
        return Settlement.WRONG_AMOUNT
    return Settlement.PAID_TWICE if payment.state == PaymentState.CAPTURED else Settlement.CAPTURED


def _heard_first(uow: UnitOfWork, gateway: str, provider_ref: str, payment_id: str, outcome: str) -> bool:
    """Note a provider's report; whether it is new. The same one coming in at this moment elsewhere is waited for."""
    note = insert(ProviderEvent).values(
        gateway=gateway, provider_ref=provider_ref, payment_id=payment_id, outcome=outcome, at=uow.now
    )
    return uow.db.scalar(note.on_conflict_do_nothing().returning(ProviderEvent.provider_ref)) is not None


def _ask_back(
    uow: UnitOfWork, charge: Charge, *, refund_id: str, purpose: str, amount: Money, reason: str, note: str = ""
) -> None:
    uow.db.add(
        Refund(
            id=refund_id, payment_id=charge.payment_id, charge_id=charge.id, purpose=purpose,
            amount_minor=amount.amount_minor, currency=amount.currency, reason=reason, state="requested",
            provider_ref=None, requested_at=uow.now, completed_at=None, note=note,
            asked_by=uow.actor.user_id or "system",
        )
    )  # fmt: skip
    uow.emit(RefundRequested(refund_id=refund_id, payment_id=charge.payment_id))


def _captured(payment_id: str, purpose: str, amount: Money) -> PaymentCaptured:
    return PaymentCaptured(
        payment_id=payment_id, purpose=purpose, amount_minor=amount.amount_minor, currency=amount.currency
    )
