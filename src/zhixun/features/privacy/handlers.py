from __future__ import annotations

from zhixun.events.privacy import PersonErased
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def verify_erasure(event: PersonErased) -> None:
    """A second look, from outside the transaction that erased: the report says what it found."""
    with unit_of_work() as uow:
        actions.verify_erasure(uow, person_id=event.person_id)
