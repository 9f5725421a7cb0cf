from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from zhixun.features.booking.models import Intake
from zhixun.kernel import sealed
from zhixun.kernel.values import Actor, Words

from .bookings import BookingView


@dataclass(frozen=True)
class Answered:
    """A question of the field, as it was asked, and its answer."""

    name: str
    label: Words
    answer: str
    words: Words
    """The answer in words, where it was one of several choices."""
    sensitive: bool


def intake_of(db: Session, view: BookingView, reader: Actor) -> tuple[Answered, ...]:
    """What the client answered beforehand, for who may read it by the caller's word. The client sees who did."""
    row = db.get(Intake, view.id)
    if row is None:
        return ()
    text = sealed.unseal(db, Intake.answers, row=view.id, person=view.client_id, sealed=row.answers, reader=reader)
    told = json.loads(text) if text else []
    return tuple(
        Answered(one["name"], Words.of(one["label"]), one["answer"], Words.of(one["words"]), one["sensitive"])
        for one in told
    )
