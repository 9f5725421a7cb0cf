"""Every change of what guards an account is told and written down."""

from __future__ import annotations

from zhixun.events.accounts import SafetyChanged
from zhixun.kernel import audit
from zhixun.kernel.unit_of_work import UnitOfWork


def note_change(uow: UnitOfWork, change: str, *, user_id: str = "") -> None:
    """A change of what guards an account is told to its owner, and stands in the audit log. Facts of the desk do by
    themselves."""
    whose = user_id or uow.actor.user_id
    uow.emit(SafetyChanged(user_id=whose, change=change, at=uow.now.isoformat()))
    if not uow.actor.is_a("operator"):
        audit.record(uow, SafetyChanged.__name__, subject_id=whose, user_id=whose, change=change)
