from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from zhixun.features.booking import queries as bookings
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.features.privacy import queries as privacy
from zhixun.features.quality import queries, rules
from zhixun.features.quality.models import Case, ExpertReview
from zhixun.kernel.errors import N_, Conflict, Forbidden, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork


class NoSeat(Conflict):
    code, message = "no_seat", N_("Enough experts read this session already.")


class TooManySeats(Conflict):
    code, message = "too_many_seats", N_("Please hand in one of the sessions you took before you take another.")


class SeatLost(Conflict):
    code, message = "seat_lost", N_("The time for this session has passed, and another expert may read it now.")


class ReviewersOnly(Forbidden):
    code, message = "reviewers_only", N_("Only experts read sessions.")


def open_case(uow: UnitOfWork, *, booking_id: str) -> bool:
    """Give a completed session to the experts; whether it is new to them. Only the clock chooses sessions.

    Raises NotFound where there is no such completed session, its client has not agreed that experts read it, or its
    field has no rubric to mark.
    """
    assert uow.actor.is_a("system"), "nobody picks a session by hand"
    booking = bookings.booking(uow.db, booking_id, uow.actor, uow.now)
    agreed = privacy.has_consent(uow.db, booking.client_id, "expert_review")
    card = catalog.cards_of(uow.db, [booking.consultant_id]).get(booking.consultant_id)
    if booking.state is not State.COMPLETED or not agreed or card is None:
        raise NotFound
    if not catalog.rubric_of(uow.db, card.field_id):
        raise NotFound
    new = insert(Case).values(
        id=booking.id, client_id=booking.client_id, consultant_id=booking.consultant_id, field_id=card.field_id,
        seats=rules.seats_needed(()), opened_at=uow.now, due_at=uow.now + rules.CASE_LASTS,
    )  # fmt: skip
    return uow.db.scalar(new.on_conflict_do_nothing().returning(Case.id)) is not None


def take_seat(uow: UnitOfWork, *, review_id: str, case_id: str) -> str:
    """The actor, an expert, will read this session; returns the id of their seat, the same when asked twice.

    Raises ReviewersOnly, NotFound (no open case, or one of their own sessions), NoSeat, TooManySeats.
    """
    _check_reviewer(uow)
    case = _locked_case(uow.db, case_id)
    if uow.actor.user_id in (case.client_id, case.consultant_id):
        raise NotFound
    seats = list(uow.db.scalars(select(ExpertReview).where(ExpertReview.case_id == case.id)))
    for one in seats:
        if one.reviewer_id == uow.actor.user_id:
            return one.id
    free = set(range(1, case.seats + 1)) - {one.seat for one in seats}
    if not free:
        raise NoSeat
    if queries.seats_held(uow.db, uow.actor.user_id) >= rules.SEATS_HELD_MAX:
        raise TooManySeats
    uow.db.add(
        ExpertReview(
            id=review_id, case_id=case.id, client_id=case.client_id, consultant_id=case.consultant_id,
            reviewer_id=uow.actor.user_id, seat=min(free), taken_at=uow.now, due_at=uow.now + rules.SEAT_LASTS,
            given_at=None, marks={}, score=None, good="", learn="", set_aside_at=None,
        )
    )  # fmt: skip
    uow.db.flush()
    return review_id


def give_back_seat(uow: UnitOfWork, *, case_id: str) -> None:
    """The actor will not read this session after all. Nothing to give back is fine; what was handed in stays."""
    uow.db.execute(
        delete(ExpertReview).where(
            ExpertReview.case_id == case_id, ExpertReview.reviewer_id == uow.actor.user_id,
            ExpertReview.given_at.is_(None),
        )
    )  # fmt: skip


def hand_in(uow: UnitOfWork, *, case_id: str, marks: Mapping[str, int], good: str, learn: str) -> float:
    """Keep an expert's marks and words for the seat they hold, once; returns their score.

    The second of two scores far apart calls a third expert; the last one closes the case.
    Raises NotFound (no seat of theirs), SeatLost, Invalid.
    """
    case = _locked_case(uow.db, case_id)
    mine = ExpertReview.reviewer_id == uow.actor.user_id
    review = uow.db.scalar(select(ExpertReview).where(ExpertReview.case_id == case.id, mine))
    if review is None:
        raise NotFound
    if review.score is not None:
        return review.score
    if uow.now >= review.due_at:
        raise SeatLost
    rubric = catalog.rubric_of(uow.db, case.field_id)
    review.marks = rules.check_marks(marks, rubric)
    review.good, review.learn = rules.check_words(good=good, learn=learn)
    review.score, review.given_at = round(rules.weighted_score(review.marks, rubric), 3), uow.now
    uow.db.flush()
    scores = queries.scores_of_case(uow.db, case.id)
    case.seats = rules.seats_needed(scores)
    if len(scores) >= case.seats:
        case.closed_at = uow.now
    return review.score


def free_overdue_seats(uow: UnitOfWork) -> int:
    """Seats whose time has passed become free for others; returns how many."""
    late = delete(ExpertReview).where(ExpertReview.given_at.is_(None), ExpertReview.due_at <= uow.now)
    return len(uow.db.scalars(late.returning(ExpertReview.id)).all())


def close_overdue(uow: UnitOfWork) -> int:
    """Cases whose time has passed are closed with the reviews they have; returns how many."""
    late = update(Case).where(Case.closed_at.is_(None), Case.due_at <= uow.now).values(closed_at=uow.now)
    closed = uow.db.scalars(late.returning(Case.id)).all()
    unread = delete(ExpertReview).where(ExpertReview.case_id.in_(closed), ExpertReview.given_at.is_(None))
    uow.db.execute(unread)
    return len(closed)


def _check_reviewer(uow: UnitOfWork) -> None:
    if not uow.actor.is_a("reviewer"):
        raise ReviewersOnly


def _locked_case(db: Session, case_id: str) -> Case:
    """The open case, locked, so that two experts cannot take the last seat. Raises NotFound."""
    case = db.scalar(select(Case).where(Case.id == case_id, Case.closed_at.is_(None)).with_for_update())
    if case is None:
        raise NotFound
    return case
