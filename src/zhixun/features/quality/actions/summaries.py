from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from zhixun.events.quality import FollowUpAnswered, FollowUpAsked, SummaryWritten
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import State
from zhixun.features.quality import queries, rules
from zhixun.features.quality.models import FollowUp, Summary
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.sealed import NOTHING, Sealed, seal
from zhixun.kernel.unit_of_work import UnitOfWork


class NotHeld(Conflict):
    code, message = "not_held", N_("There is a summary only of a session that was held.")


class QuestionAsked(Conflict):
    code, message = "question_asked", N_("One question is included, and it has been asked.")


class TooLateToAsk(Conflict):
    code, message = "too_late_to_ask", N_("The included question can be asked for 7 days after the session.")


def write_summary(uow: UnitOfWork, *, booking_id: str, text: str) -> bool:
    """Keep what the consultant writes for the client, or change it; whether it is the first. Only a first one is told.

    Raises NotFound (not the consultant's own booking), NotHeld, Invalid.
    """
    booking = _held(uow, booking_id)
    if booking.consultant_id != uow.actor.user_id:
        raise NotFound
    kept = rules.clean_summary(text)
    row = uow.db.scalar(select(Summary).where(Summary.booking_id == booking.id).with_for_update())
    if row is not None:
        row.text, row.changed_at = _sealed(uow, Summary.text, booking, kept), uow.now
        return False
    new = insert(Summary).values(
        booking_id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id,
        text=_sealed(uow, Summary.text, booking, kept), written_at=uow.now, changed_at=uow.now,
    )  # fmt: skip
    first = uow.db.scalar(new.on_conflict_do_nothing().returning(Summary.booking_id)) is not None
    if first:
        uow.emit(
            SummaryWritten(booking_id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id)
        )
    return first


def ask_follow_up(uow: UnitOfWork, *, booking_id: str, question: str) -> None:
    """The client's one included question. The same words again are done once.

    Raises NotFound (not the client's own booking), NotHeld, TooLateToAsk, QuestionAsked, Invalid.
    """
    booking = _held(uow, booking_id)
    if booking.client_id != uow.actor.user_id:
        raise NotFound
    kept = rules.clean_question(question)
    asked = queries.follow_up_for(uow.db, booking.id)
    if asked is not None and asked.question == kept:
        return
    if asked is not None:
        raise QuestionAsked
    if booking.completed_at is None or uow.now > booking.completed_at + rules.FOLLOW_UP_WITHIN:
        raise TooLateToAsk
    new = insert(FollowUp).values(
        booking_id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id,
        question=_sealed(uow, FollowUp.question, booking, kept), asked_at=uow.now,
        due_at=uow.now + rules.FOLLOW_UP_OWED, answer=NOTHING, answered_at=None,
    )  # fmt: skip
    if uow.db.scalar(new.on_conflict_do_nothing().returning(FollowUp.booking_id)) is None:
        raise QuestionAsked
    uow.emit(FollowUpAsked(booking_id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id))


def answer_follow_up(uow: UnitOfWork, *, booking_id: str, answer: str) -> None:
    """The consultant's answer, kept once; later words change it. Raises NotFound, Invalid."""
    booking = _held(uow, booking_id)
    row = uow.db.scalar(select(FollowUp).where(FollowUp.booking_id == booking.id).with_for_update())
    if row is None or booking.consultant_id != uow.actor.user_id:
        raise NotFound
    first = row.answered_at is None
    row.answer = _sealed(uow, FollowUp.answer, booking, rules.clean_answer(answer))
    if first:
        row.answered_at = uow.now
        uow.emit(
            FollowUpAnswered(booking_id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id)
        )


def _held(uow: UnitOfWork, booking_id: str) -> BookingView:
    """A completed session the actor may see. Raises NotFound, NotHeld."""
    booking = bookings.booking(uow.db, booking_id, uow.actor, uow.now)
    if uow.actor.user_id not in (booking.client_id, booking.consultant_id):
        raise NotFound
    if booking.state is not State.COMPLETED:
        raise NotHeld
    return booking


def _sealed(uow: UnitOfWork, column: InstrumentedAttribute[Sealed], booking: BookingView, text: str) -> Sealed:
    """What is written after a session is the client's."""
    return seal(uow.db, column, row=booking.id, person=booking.client_id, text=text)
