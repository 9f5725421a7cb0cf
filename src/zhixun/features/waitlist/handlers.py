"""A time becomes free: whoever waits for it hears at once. The clock does the same every minute, should a fact be late."""

from __future__ import annotations

from zhixun.events.booking import BookingCancelled, BookingExpired, BookingMoved
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions


def pass_on_freed_time(event: BookingCancelled | BookingExpired | BookingMoved) -> None:
    with unit_of_work() as uow:
        actions.pass_on(uow, consultant_id=event.consultant_id)
