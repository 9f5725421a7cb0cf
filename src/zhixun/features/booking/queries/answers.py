"""What a consultant said to a request."""

from __future__ import annotations

from sqlalchemy.orm import Session

from zhixun.features.booking.models import Answer
from zhixun.kernel import sealed
from zhixun.kernel.values import Actor


def answer_of(db: Session, booking_id: str, reader: Actor) -> str:
    """Why a request was declined, for the two people of it by the caller's word; "" where it was not."""
    row = db.get(Answer, booking_id)
    if row is None or row.accepted:
        return ""
    return (
        sealed.unseal(db, Answer.reason, row=booking_id, person=row.client_id, sealed=row.reason, reader=reader) or ""
    )
