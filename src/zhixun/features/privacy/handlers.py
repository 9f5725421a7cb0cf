from __future__ import annotations

from zhixun.events.privacy import PersonErased
from zhixun.kernel import personal
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def verify_erasure(event: PersonErased) -> None:
    """What lies outside the database goes too; then a second look, whose finding the report says."""
    personal.forget_outside(event.person_id)
    with unit_of_work() as uow:
        actions.verify_erasure(uow, person_id=event.person_id)
