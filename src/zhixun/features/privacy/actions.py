from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.privacy import ConsentWithdrawn, PersonErased
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts.rules import check_right
from zhixun.kernel import audit, outbox, personal
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

from . import rules
from .models import Consent, Erasure


class StillOpen(Conflict):
    code, message = "still_open", N_("Something is still under way. Once it is settled, you can be erased.")


def give_consent(uow: UnitOfWork, *, user_id: str, purpose: str) -> None:
    """Record a yes to the text as it is now, once. Raises Invalid for an unknown purpose."""
    version = rules.purpose_named(purpose).version
    yes = insert(Consent).values(id=new_id(), user_id=user_id, purpose=purpose, version=version, given_at=uow.now)
    uow.db.execute(yes.on_conflict_do_nothing())


def withdraw_consent(uow: UnitOfWork, *, user_id: str, purpose: str) -> None:
    """Take every standing yes for this purpose back. Nothing to take back is fine."""
    rules.purpose_named(purpose)
    withdrawn = uow.db.scalars(
        update(Consent)
        .where(Consent.user_id == user_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=uow.now)
        .returning(Consent.id)
    )
    if withdrawn.all():
        uow.emit(ConsentWithdrawn(user_id=user_id, purpose=purpose, at=uow.now.isoformat()))


def erase_person(uow: UnitOfWork, *, person_id: str) -> None:
    """Erase somebody: themselves, or by someone at the desk who may. Twice is once.

    Raises RightNeeded, NotFound (nobody of this id was ever here) and StillOpen with the `reasons`.
    """
    if uow.actor.user_id != person_id:
        check_right(uow.actor, "erase_people")
    if uow.db.get(Erasure, person_id) is not None:
        return
    if not any(line.rows for line in personal.held(uow.db, person_id)):
        raise NotFound
    accounts.keep_appointments_still(uow)
    if reasons := personal.open_matters(uow.db, person_id, uow.now):
        raise StillOpen(extra={"reasons": [one.sentence for one in reasons]})
    for purpose in rules.PURPOSES:
        withdraw_consent(uow, user_id=person_id, purpose=purpose)
    report = [asdict(line) for line in personal.erase(uow, person_id) if line.rows]
    by = "self" if uow.actor.user_id == person_id else uow.actor.user_id
    uow.db.add(Erasure(person_id=person_id, at=uow.now, by=by, report=report, verified_at=None, leftovers=[]))
    audit.record(uow, "person_erased", subject_id=person_id, tables=len(report))
    uow.emit(PersonErased(person_id=person_id))


def verify_erasure(uow: UnitOfWork, *, person_id: str) -> list[str]:
    """Look whether anything is left, and write the answer into the report. Returns what is left."""
    erasure = uow.db.get(Erasure, person_id)
    if erasure is None:
        raise NotFound
    if erasure.verified_at is None or erasure.leftovers:
        outbox.forget_done_about(uow.db, person_id)
        erasure.leftovers, erasure.verified_at = personal.leftovers(uow.db, person_id), uow.now
    return erasure.leftovers


def forget_old(uow: UnitOfWork) -> dict[str, int]:
    """Delete a batch of what has been kept for as long as it may be."""
    return personal.forget_old(uow)


def erase_again(uow: UnitOfWork, *, person_id: str) -> bool:
    """After a backup was restored: whom it has brought back is erased without asking. Returns whether there was anyone."""
    assert uow.actor.is_a("system"), "people are erased by erase_person"
    if uow.db.get(Erasure, person_id) is not None or not any(one.rows for one in personal.held(uow.db, person_id)):
        return False
    report = [asdict(line) for line in personal.erase(uow, person_id) if line.rows]
    uow.db.add(Erasure(person_id=person_id, at=uow.now, by="restore", report=report, verified_at=None, leftovers=[]))
    uow.emit(PersonErased(person_id=person_id))
    return True
