from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from zhixun.features.accounts.rules import check_right
from zhixun.features.quality import rules
from zhixun.features.quality.models import Appeal, Case, ExpertReview, Feedback
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import plain_text


class TooLateToAppeal(Conflict):
    code, message = "too_late_to_appeal", N_("An appeal is possible for 30 days after the review.")


class AlreadyDecided(Conflict):
    code, message = "already_decided", N_("This appeal has been decided.")


def appeal(uow: UnitOfWork, *, appeal_id: str, kind: str, subject_id: str, reason: str) -> str:
    """A consultant asks that a review of their own session should not count; returns the appeal's id, the same when
    asked twice. Until it is decided the review counts.

    Raises NotFound (no such review, or of another consultant), TooLateToAppeal, Invalid.
    """
    given_at = _given_at(uow, kind, subject_id)
    text = rules.clean_reason(reason)
    known = select(Appeal.id).where(Appeal.kind == kind, Appeal.subject_id == subject_id)
    if (filed := uow.db.scalar(known)) is not None:
        return filed
    if uow.now > given_at + rules.APPEAL_WITHIN:
        raise TooLateToAppeal
    new = insert(Appeal).values(
        id=appeal_id, kind=kind, subject_id=subject_id, consultant_id=uow.actor.user_id, reason=text, filed_at=uow.now,
        due_at=uow.now + rules.APPEAL_LASTS, decided_at=None, decided_by=None, upheld=None, answer="",
    )  # fmt: skip
    uow.db.execute(new.on_conflict_do_nothing())
    return uow.db.scalars(known).one()


def decide_appeal(uow: UnitOfWork, *, appeal_id: str, upheld: bool, answer: str) -> None:
    """Someone at the desk decides, with a reason the consultant reads. Upheld, the review counts no longer.

    Raises RightNeeded, NotFound, AlreadyDecided, Invalid.
    """
    check_right(uow.actor, "settle_disputes")
    row = uow.db.scalar(select(Appeal).where(Appeal.id == appeal_id).with_for_update())
    if row is None:
        raise NotFound
    if row.decided_at is not None:
        raise AlreadyDecided
    said = plain_text(answer)
    if not 0 < len(said) <= rules.REASON_LENGTH_MAX:
        raise Invalid(fields={"answer": N_("Please tell the consultant why, in at most 2,000 characters.")})
    row.upheld, row.answer, row.decided_at, row.decided_by = upheld, said, uow.now, uow.actor.user_id
    if upheld:
        table: type[Feedback | ExpertReview] = Feedback if row.kind == "feedback" else ExpertReview
        uow.db.execute(update(table).where(table.id == row.subject_id).values(set_aside_at=uow.now))


def _given_at(uow: UnitOfWork, kind: str, subject_id: str) -> datetime:
    """When the review was given, if it is one of the actor's own sessions and they may know of it. Raises NotFound."""
    mine = uow.actor.user_id
    if kind == "feedback":
        found = uow.db.scalar(select(Feedback.at).where(Feedback.id == subject_id, Feedback.consultant_id == mine))
    else:
        found = uow.db.scalar(
            select(ExpertReview.given_at).join(Case, Case.id == ExpertReview.case_id)
            .where(ExpertReview.id == subject_id, ExpertReview.consultant_id == mine, Case.closed_at.is_not(None))
        )  # fmt: skip
    if found is None:
        raise NotFound
    return found
