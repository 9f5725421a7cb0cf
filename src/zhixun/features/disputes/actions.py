from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select

from zhixun.events.disputes import DisputeAnswered, DisputeDecided, DisputeOpened, DisputeToRule
from zhixun.features.accounts.rules import check_right
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.payments import queries as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM, Money, is_id

from . import rules
from .models import Dispute, Statement
from .rules import Outcome, State


class WindowClosed(Conflict):
    code, message = "window_closed", N_("A session can be disputed for 48 hours after it; then its money is paid out.")


class DisputedAlready(Conflict):
    code, message = "disputed_already", N_("This session has been disputed already.")


class NotYourTurn(Conflict):
    code, message = "not_your_turn", N_("This is not possible at this stage of the dispute.")


class TooManyStatements(Conflict):
    code, message = "too_many_statements", N_("You have said twenty things here. The house will read them all.")


def open_dispute(
    uow: UnitOfWork, *, dispute_id: str, booking_id: str, reason: str, words: str, asked: Money | None = None
) -> None:
    """The client asks for money back: `asked`, or (None) all that is left of the price. It stays in escrow meanwhile.

    Possible until the money would be released, 48 hours after the session. The same `dispute_id` twice is once. Raises
    NotFound, WindowClosed, DisputedAlready, Invalid.
    """
    if not is_id(dispute_id):
        raise Invalid
    reason, words = rules.check_reason(reason), rules.clean_words(words)
    view = booking_queries.booking(uow.db, booking_id, uow.actor, uow.now)
    if view.client_id != uow.actor.user_id:
        raise NotFound
    try:
        bookings.keep_money(uow, booking_id=booking_id)
    except bookings.TooLate:
        known = uow.db.scalar(select(Dispute.id).where(Dispute.booking_id == booking_id))
        if known == dispute_id:
            return
        raise (DisputedAlready if known else WindowClosed) from None
    currency = view.price.currency
    left = _left(uow, booking_id, currency)
    wanted = left if asked is None else asked
    rules.check_asked(wanted, left)
    uow.db.add(
        Dispute(
            id=dispute_id, booking_id=booking_id, client_id=view.client_id, consultant_id=view.consultant_id,
            state=State.OPEN, reason=reason, asked_minor=wanted.amount_minor, back_minor=None, currency=currency,
            outcome=None, opened_at=uow.now, due_at=rules.due_at(State.OPEN, uow.now), decided_at=None, decided_by=None,
        )
    )  # fmt: skip
    uow.db.flush()
    _say(uow, statement_id=dispute_id, dispute_id=dispute_id, role="client", words=words)
    uow.emit(
        DisputeOpened(dispute_id=dispute_id, booking_id=booking_id, **_parties(view.client_id, view.consultant_id))
    )


def answer_dispute(uow: UnitOfWork, *, statement_id: str, dispute_id: str, words: str, agrees: bool) -> None:
    """The consultant agrees, and what was asked goes back; or says why not, and both may bring what speaks for them.

    The same `statement_id` twice is once. Raises NotFound, NotYourTurn, Invalid.
    """
    row = _locked(uow, dispute_id)
    if row.consultant_id != uow.actor.user_id:
        raise NotFound
    if uow.db.get(Statement, statement_id) is not None:
        return
    said = rules.clean_words(words) if words.strip() or not agrees else ""
    if row.state != State.OPEN or not _in_time(uow, row):
        raise NotYourTurn
    if said:
        _say(uow, statement_id=statement_id, dispute_id=dispute_id, role="consultant", words=said)
    if agrees:
        _decide(uow, row, Outcome.AGREED, Money(row.asked_minor, row.currency))
    else:
        _become(uow, row, State.EVIDENCE)
        uow.emit(DisputeAnswered(**_facts(row)))


def add_statement(uow: UnitOfWork, *, statement_id: str, dispute_id: str, words: str) -> None:
    """Either of the two says more, while evidence is heard. Raises NotFound, NotYourTurn, TooManyStatements, Invalid."""
    row, said = _locked(uow, dispute_id), rules.clean_words(words)
    role = {row.client_id: "client", row.consultant_id: "consultant"}.get(uow.actor.user_id)
    if role is None:
        raise NotFound
    if uow.db.get(Statement, statement_id) is not None:
        return
    if row.state != State.EVIDENCE or not _in_time(uow, row):
        raise NotYourTurn
    mine = (Statement.dispute_id == dispute_id, Statement.by == uow.actor.user_id)
    if (uow.db.scalar(select(func.count()).select_from(Statement).where(*mine)) or 0) >= rules.STATEMENTS_MAX:
        raise TooManyStatements
    _say(uow, statement_id=statement_id, dispute_id=dispute_id, role=role, words=said)


def withdraw_dispute(uow: UnitOfWork, *, dispute_id: str) -> None:
    """The client lets it be; the money goes its way. Twice is once. Raises NotFound, NotYourTurn."""
    row = _locked(uow, dispute_id)
    if row.client_id != uow.actor.user_id:
        raise NotFound
    if row.outcome == Outcome.WITHDRAWN:
        return
    if row.state == State.DECIDED:
        raise NotYourTurn
    _decide(uow, row, Outcome.WITHDRAWN, Money(0, row.currency))


def rule_dispute(uow: UnitOfWork, *, statement_id: str, dispute_id: str, back: Money, words: str) -> None:
    """The house decides how much of what was asked goes back, and says why to both.

    Raises RightNeeded, NotFound, NotYourTurn (still being heard, or decided), Invalid.
    """
    check_right(uow.actor, "settle_disputes")
    if not is_id(statement_id):
        raise Invalid
    row, said = _locked(uow, dispute_id), rules.clean_words(words)
    if uow.db.get(Statement, statement_id) is not None:
        return
    if row.state != State.RULING:
        raise NotYourTurn
    rules.check_ruling(back, Money(row.asked_minor, row.currency))
    _say(uow, statement_id=statement_id, dispute_id=dispute_id, role="operator", words=said)
    _decide(uow, row, Outcome.RULED, back)


def pass_time(uow: UnitOfWork, *, dispute_id: str) -> State:
    """Take the exits by time that have come: what silence means stands in `rules.SILENCE`."""
    row = _locked(uow, dispute_id)
    while row.due_at is not None and row.due_at <= uow.now:
        way, since = rules.SILENCE[State(row.state)], row.due_at
        if way.outcome is not None:
            _decide(uow, row, way.outcome, Money(row.asked_minor, row.currency).share_bps(way.back_bps))
        else:
            _become(uow, row, way.to)
            row.due_at = rules.due_at(way.to, since)
            uow.emit(DisputeToRule(**_facts(row)))
    return State(row.state)


def _left(uow: UnitOfWork, booking_id: str, currency: str) -> Money:
    """What was paid for a booking and has not gone back."""
    purpose = purpose_of_booking(booking_id)
    return payments.captured_total(uow.db, purpose, currency) - payments.refunded_total(uow.db, purpose, currency)


def _locked(uow: UnitOfWork, dispute_id: str) -> Dispute:
    row = uow.db.get(Dispute, dispute_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def _in_time(uow: UnitOfWork, row: Dispute) -> bool:
    """Late is late, whether or not the clock has come by."""
    return row.due_at is not None and uow.now < row.due_at


def _say(uow: UnitOfWork, *, statement_id: str, dispute_id: str, role: str, words: str) -> None:
    if not is_id(statement_id):
        raise Invalid
    who = uow.actor.user_id
    kept = sealed.seal(uow.db, Statement.words, row=statement_id, person=who, text=words)
    uow.db.add(Statement(id=statement_id, dispute_id=dispute_id, by=who, role=role, words=kept, at=uow.now))
    uow.db.flush()


def _become(uow: UnitOfWork, row: Dispute, state: State) -> None:
    assert rules.may_become(State(row.state), state), f"{row.state} may not become {state}"
    row.state, row.due_at = state, rules.due_at(state, uow.now)


def _decide(uow: UnitOfWork, row: Dispute, outcome: Outcome, back: Money) -> None:
    """The end: what goes back goes by the refund's own way, and the rest is released. What the desk has given back by
    itself meanwhile does not go back a second time."""
    back = min(back, _left(uow, row.booking_id, row.currency))
    _become(uow, row, State.DECIDED)
    row.outcome, row.back_minor = outcome, back.amount_minor
    row.decided_at, row.decided_by = uow.now, uow.actor.user_id or "system"
    uow.db.flush()
    if back:
        bookings.refund_booking(
            replace(uow, actor=SYSTEM), refund_id=row.id, booking_id=row.booking_id, amount=back, by="dispute",
            reason=f"dispute {row.id[-8:]}: {outcome.value}",
        )  # fmt: skip
    bookings.let_money_go(uow, booking_id=row.booking_id)
    uow.emit(
        DisputeDecided(
            **_facts(row), outcome=outcome.value, back_minor=back.amount_minor, currency=back.currency
        )
    )  # fmt: skip


def _facts(row: Dispute) -> dict[str, str]:
    return {"dispute_id": row.id, "booking_id": row.booking_id, **_parties(row.client_id, row.consultant_id)}


def _parties(client_id: str, consultant_id: str) -> dict[str, str]:
    return {"client_id": client_id, "consultant_id": consultant_id}
