from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from zhixun.events.quality import FeedbackGiven
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.rules import State
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork

from . import rules
from .models import Feedback


class NotCompleted(Conflict):
    code, message = "not_completed", N_("You can tell us how it was once the session is over.")


class WindowClosed(Conflict):
    code, message = "feedback_closed", N_("Feedback can be given and changed for 7 days after the session.")


def give_feedback(
    uow: UnitOfWork,
    *,
    feedback_id: str,
    booking_id: str,
    scores: Mapping[str, int],
    nps: int,
    solved: str,
    words: str = "",
    public: bool = True,
) -> str:
    """Keep the client's answers about a completed session, or change them within the window; returns their id.

    Raises NotFound (not the client's own booking), NotCompleted, WindowClosed, Invalid.
    """
    booking = bookings.booking(uow.db, booking_id, uow.actor, uow.now)
    if booking.client_id != uow.actor.user_id:
        raise NotFound
    if booking.state is not State.COMPLETED or booking.completed_at is None:
        raise NotCompleted
    if uow.now > booking.completed_at + rules.WINDOW:
        raise WindowClosed
    answers = rules.check_scores(scores)
    text = rules.check_answers(nps=nps, solved=solved, words=words)
    row = uow.db.scalar(select(Feedback).where(Feedback.booking_id == booking_id).with_for_update())
    if row is None:
        row = Feedback(
            id=feedback_id, booking_id=booking_id, client_id=booking.client_id,
            consultant_id=booking.consultant_id, service_title=booking.title, at=uow.now,
        )  # fmt: skip
        uow.db.add(row)
        uow.emit(
            FeedbackGiven(
                feedback_id=feedback_id, booking_id=booking_id, client_id=row.client_id, consultant_id=row.consultant_id
            )
        )
    for name, value in answers.items():
        setattr(row, name, value)
    row.nps, row.solved, row.words, row.public = nps, solved, text, public
    return row.id
