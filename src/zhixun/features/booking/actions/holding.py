"""Keeping a session's money in escrow while someone is asked about it, and letting it go again."""

from __future__ import annotations

from zhixun.features.booking.rules import State
from zhixun.kernel.unit_of_work import UnitOfWork

from .record import TooLate, locked


def keep_money(uow: UnitOfWork, *, booking_id: str) -> None:
    """The release waits until `let_money_go`. Raises NotFound, TooLate (released, or nothing waits any more)."""
    booking = locked(uow, booking_id)
    waits = booking.release_at is not None and booking.release_at > uow.now and booking.released_at is None
    if not waits or State(booking.state) not in (State.COMPLETED, State.NO_SHOW):
        raise TooLate
    booking.release_at = None


def let_money_go(uow: UnitOfWork, *, booking_id: str) -> None:
    """What is left in escrow is released at the clock's next look. Twice is once. Raises NotFound."""
    booking = locked(uow, booking_id)
    if booking.release_at is None and booking.released_at is None:
        booking.release_at = uow.now
