"""How was it: the client's feedback after a session."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantCard
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy import queries as privacy_queries
from zhixun.features.quality import actions, forms, queries, rules
from zhixun.features.quality.actions import NotCompleted, WindowClosed
from zhixun.features.quality.queries import FeedbackView
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.values import is_id, utc_now
from zhixun.web import errors
from zhixun.web.security import current_actor, read, require, work

from . import bp
from .said import said_after


@bp.route("/sessions/<booking_id>/feedback", methods=["GET", "POST"])
@require()
def feedback(booking_id: str) -> AnyResponse:
    """Give feedback on one's own completed session, or change it while the window is open."""
    with read() as db:
        booking = _own_session(db, booking_id)
        given = queries.feedback_for(db, booking.id, current_actor())
    if request.method == "GET":
        return _form(booking, given, forms.answers_of(given) if given else forms.Answers())
    answers = forms.read_answers(request.form)
    try:
        _give(booking.id, answers)
    except Invalid as error:
        return _form(booking, given, answers, error)
    except (NotCompleted, WindowClosed) as refusal:
        return _form(booking, given, answers, refusal)
    flash(gettext("Thank you. You can change your answers for 7 days."))
    return redirect(url_for("booking.session", booking_id=booking.id), 303)


def feedback_button(booking: BookingView) -> str:
    """On the client's page of a completed session: the way to say how it was, or to what was said. Nothing once it is too
    late to say."""
    given = said_after(booking.id).feedback
    if not given and not _may_say(booking):
        return ""
    return render_template("quality/feedback_button.html", booking_id=booking.id, given=given)


def feedback_wanted(sessions: Sequence[BookingView]) -> dict[str, str]:
    """In the client's list of sessions: the way to say how it was, where they may and have not yet."""
    open_ = [one.id for one in sessions if one.client_id == current_actor().user_id and _may_say(one)]
    if not open_:
        return {}
    with read() as db:
        given = queries.feedback_given(db, open_)
    return {
        one.id: render_template("quality/feedback_wanted.html", booking=one)
        for one in sessions
        if one.id in open_ and one.id not in given
    }


def _may_say(booking: BookingView) -> bool:
    if booking.state is not State.COMPLETED or booking.completed_at is None:
        return False
    return booking.seen_at <= booking.completed_at + rules.WINDOW


def _give(booking_id: str, answers: forms.Answers) -> None:
    forms.check(answers)
    with work() as uow:
        actions.give_feedback(
            uow, feedback_id=answers.feedback_id, booking_id=booking_id, scores=answers.scores, nps=answers.nps,
            solved=answers.solved, words=answers.words, public=answers.public,
        )  # fmt: skip
        if answers.experts:
            privacy.give_consent(uow, user_id=uow.actor.user_id, purpose="expert_review")


def _own_session(db: Session, booking_id: str) -> BookingView:
    """Feedback is the client's; for everyone else there is none to give here. Raises NotFound."""
    if not is_id(booking_id):
        raise NotFound
    booking = bookings.booking(db, booking_id, current_actor(), utc_now())
    if booking.client_id != current_actor().user_id:
        raise NotFound
    return booking


def _form(
    booking: BookingView, given: FeedbackView | None, answers: forms.Answers, error: Invalid | Conflict | None = None
) -> AnyResponse:
    """The form; or, outside the window, when it opens or that it has closed."""
    page = render_template(
        "quality/feedback.html",
        booking=booking, card=_card(booking), given=given, answers=answers, agreed=_agreed(booking),
        errors=errors.field_sentences(error) if error else {},
        opens=None if booking.state is State.COMPLETED else booking.ends_at,
        closes=booking.completed_at + rules.WINDOW if booking.completed_at else None,
        ever=booking.state in (State.HELD, State.PAID, State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED),
        dimensions=rules.DIMENSIONS, words_length_max=rules.WORDS_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _card(booking: BookingView) -> ConsultantCard | None:
    with read() as db:
        return catalog.cards_of(db, [booking.consultant_id]).get(booking.consultant_id)


def _agreed(booking: BookingView) -> bool:
    with read() as db:
        return privacy_queries.has_consent(db, booking.client_id, "expert_review")
