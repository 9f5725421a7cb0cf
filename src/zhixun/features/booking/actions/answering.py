"""A request: paid, its time kept, and waiting for the consultant's yes or no."""

from __future__ import annotations

from datetime import UTC

from sqlalchemy.dialects.postgresql import insert

from zhixun.events.booking import BookingRequested
from zhixun.features.booking import rules
from zhixun.features.booking.models import Answer, Booking
from zhixun.features.booking.rules import State
from zhixun.kernel.errors import N_, Conflict, Forbidden
from zhixun.kernel.sealed import seal
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money

from .cancelling import cancel_and_refund
from .record import become, confirm, own, parties, price_of, was_ever


class ConsultantAnswers(Forbidden):
    code, message = "consultant_answers", N_("Only the consultant can answer a request.")


class RequestOver(Conflict):
    """Someone or the clock was faster; `reason` says who: declined, client, consultant, operator, unanswered."""

    code, message = "request_over", N_("This request is over.")


class RequestAccepted(Conflict):
    code = "request_accepted"
    message = N_("This request has been accepted. The session can still be cancelled.")


OVER = {
    "client": N_("The client has withdrawn this request."),
    "declined": N_("This request has been declined."),
    "unanswered": N_("This request was not answered in time. The client gets everything back."),
}


def ask_consultant(uow: UnitOfWork, booking: Booking) -> None:
    """The money is in escrow and the time is taken; whether it stands is the consultant's to say."""
    booking.answer_by = rules.answer_by(uow.now, starts_at=booking.starts_at)
    become(uow, booking, State.REQUESTED)
    until = booking.answer_by.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    uow.emit(BookingRequested(**parties(booking), answer_by=until))


def accept_request(uow: UnitOfWork, *, booking_id: str) -> State:
    """The consultant says yes. Twice is once. Raises NotFound, ConsultantAnswers, RequestOver."""
    booking = _asked(uow, booking_id)
    if booking.state == State.REQUESTED:
        _in_time(uow, booking)
        _write(uow, booking, accepted=True, reason="")
        confirm(uow, booking)
    elif booking.state == State.CANCELLED:
        raise _over(booking.ended_reason)
    return State(booking.state)


def decline_request(uow: UnitOfWork, *, booking_id: str, reason: str) -> Money:
    """The consultant says no and why; the client gets everything back, and reads it. Twice is once; the first reason
    stands. Returns what goes back in money. Raises NotFound, ConsultantAnswers, RequestOver, RequestAccepted, Invalid.
    """
    said = rules.clean_reason(reason)
    booking = _asked(uow, booking_id)
    if booking.state == State.CANCELLED and booking.ended_reason == "declined":
        return price_of(booking)
    if booking.state == State.CANCELLED:
        raise _over(booking.ended_reason)
    if booking.state != State.REQUESTED:
        raise RequestAccepted
    _in_time(uow, booking)
    _write(uow, booking, accepted=False, reason=said)
    return cancel_and_refund(uow, booking, 10_000, reason="declined")


def _asked(uow: UnitOfWork, booking_id: str) -> Booking:
    """The locked booking that was once asked of this consultant."""
    booking = own(uow, booking_id)
    if uow.actor.user_id != booking.consultant_id:
        raise ConsultantAnswers
    if not was_ever(uow, booking, State.REQUESTED):
        raise RequestOver(N_("Nothing waits for your answer here."))
    return booking


def _in_time(uow: UnitOfWork, booking: Booking) -> None:
    """Late is late, whether or not the clock has swept by."""
    assert booking.answer_by is not None
    if booking.answer_by <= uow.now:
        raise _over("unanswered")


def _over(why: str | None) -> RequestOver:
    return RequestOver(OVER.get(why or "", RequestOver.message), extra={"reason": why or ""})


def _write(uow: UnitOfWork, booking: Booking, *, accepted: bool, reason: str) -> None:
    kept = seal(uow.db, Answer.reason, row=booking.id, person=booking.client_id, text=reason)
    written = insert(Answer).values(
        booking_id=booking.id, client_id=booking.client_id, accepted=accepted, reason=kept, at=uow.now
    )
    uow.db.execute(written.on_conflict_do_nothing())
