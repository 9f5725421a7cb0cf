"""Payments and the books."""

from __future__ import annotations

from sqlalchemy.orm import Session

from zhixun.features.api.forms import answers
from zhixun.features.api.forms.asked import Page
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import consultant_account
from zhixun.features.payments import queries as payments
from zhixun.features.payments.rules import booking_of
from zhixun.kernel.errors import N_, NotFound
from zhixun.web import pagination, security

from . import shown
from .endpoint import reads

TAG = N_("Payments and ledger")


@reads(
    "/payments/{payment_id}", N_("One of your payments."), tag=TAG, answer=answers.PaymentShown, refusals=(NotFound,)
)
def payment(db: Session, payment_id: str) -> answers.PaymentShown:
    return shown.payment(payments.payment(db, payment_id, security.current_actor()))


@reads(
    "/me/ledger",
    N_("Your balance, what each session brought you, and the entries behind it, the newest first."),
    tag=TAG,
    asked=Page,
    answer=answers.Ledger,
)
def my_ledger(db: Session, page: Page) -> answers.Ledger:
    me, before = security.current_actor().user_id, pagination.time_of(page.cursor)
    account = consultant_account(me)
    found = ledger.entries(db, account, limit=page.limit + 1, before=before)
    more, seen = len(found) > page.limit, found[: page.limit]
    # Each line of the statement is one of these entries, so a page of both ends at the same moment.
    lines = [
        line for line in ledger.statement(db, me, limit=page.limit, before=before)
        if line.released_at >= seen[-1].at
    ] if seen else []  # fmt: skip
    return answers.Ledger(
        balance=shown.money(ledger.balance(db, account)),
        items=[
            answers.StatementLine(
                booking_id=booking_of(line.purpose), gross=shown.money(line.gross),
                commission=shown.money(line.commission), net=shown.money(line.net), released_at=line.released_at,
            )
            for line in lines
        ],
        entries=[
            answers.EntryShown(
                transaction_id=line.transaction_id, at=line.at, kind=line.kind, booking_id=booking_of(line.purpose),
                amount=shown.money(line.amount),
            )
            for line in seen
        ],
        next=pagination.time_cursor(seen[-1].at) if more else None,
    )  # fmt: skip
