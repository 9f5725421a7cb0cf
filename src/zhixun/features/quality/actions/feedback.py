from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.quality import FeedbackGiven
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import State
from zhixun.features.quality import rules
from zhixun.features.quality.models import Feedback
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.sealed import NOTHING, seal
from zhixun.kernel.unit_of_work import UnitOfWork


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

    Raises NotFound (not the client's own booking), NotCompleted, WindowClosed, Invalid, Conflict (the id is another's).
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
    said = {**answers, "nps": nps, "solved": solved, "public": public, **_kept_words(uow, booking, text, public)}
    new = insert(Feedback).values(
        id=feedback_id, booking_id=booking_id, client_id=booking.client_id, consultant_id=booking.consultant_id,
        service_title=booking.title, at=uow.now, **said,
    )  # fmt: skip
    if uow.db.scalar(new.on_conflict_do_nothing().returning(Feedback.id)) is not None:
        uow.emit(
            FeedbackGiven(
                feedback_id=feedback_id, booking_id=booking_id, client_id=booking.client_id,
                consultant_id=booking.consultant_id,
            )
        )  # fmt: skip
        return feedback_id
    changed = update(Feedback).where(Feedback.booking_id == booking_id).values(said).returning(Feedback.id)
    if (known := uow.db.scalar(changed)) is None:
        raise Conflict  # the id belongs to the feedback of another session
    return known


def _kept_words(uow: UnitOfWork, booking: BookingView, words: str, public: bool) -> dict[str, object]:
    """A public review is plain, as everyone may read it; other words are sealed for the client. A booking has one
    feedback, so the booking's id is what they are bound to, whichever id the feedback has."""
    private = "" if public else words
    sealed = seal(uow.db, Feedback.private_words, row=booking.id, person=booking.client_id, text=private)
    return {"words": words if public else "", "private_words": sealed}


def forget_words(uow: UnitOfWork, person_id: str) -> int:
    """The scores stay, as they belong to the consultant's record; nobody's words and nobody's review."""
    theirs = (
        update(Feedback).where(Feedback.client_id == person_id).values(words="", private_words=NOTHING, public=False)
    )
    return len(uow.db.execute(theirs.returning(Feedback.id)).all())
