"""The questions of the field, answered before the session."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy.dialects.postgresql import insert

from zhixun.features.booking.models import Intake
from zhixun.features.booking.rules import STILL_TO_COME, State
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import checked_answers
from zhixun.kernel.sealed import seal
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Words

from .record import TooLate, own


def answer_intake(uow: UnitOfWork, *, booking_id: str, answers: Mapping[str, str]) -> None:
    """Keep what the client answers to their field's questions, or change it until the session begins.

    The questions are kept beside the answers: a field may ask something else later. Raises NotFound, TooLate, Invalid.
    """
    booking = own(uow, booking_id, as_client=True)
    if State(booking.state) not in STILL_TO_COME:
        raise TooLate
    card = catalog.cards_of(uow.db, [booking.consultant_id])[booking.consultant_id]
    questions = catalog.intake_of(uow.db, card.field_id)
    given = checked_answers(questions, answers)
    told = [
        {
            "name": one.name, "label": one.label.as_dict(), "answer": given[one.name], "sensitive": one.sensitive,
            "words": dict(one.choices).get(given[one.name], Words()).as_dict(),
        }
        for one in questions
        if given.get(one.name)
    ]  # fmt: skip
    kept = seal(
        uow.db, Intake.answers, row=booking_id, person=booking.client_id, text=json.dumps(told, ensure_ascii=False)
    )
    written = insert(Intake).values(booking_id=booking_id, client_id=booking.client_id, answers=kept, at=uow.now)
    uow.db.execute(written.on_conflict_do_update(index_elements=["booking_id"], set_={"answers": kept, "at": uow.now}))
