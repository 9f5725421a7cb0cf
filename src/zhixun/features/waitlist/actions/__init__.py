"""Waiting for a time or for a seat. Everything that touches a consultant's lists is alone with them."""

from zhixun.kernel.unit_of_work import UnitOfWork

from .line import WaitsTooOften, alone_with
from .seats import SeatOver, SeatsFree, WaitsForSeat, accept_seat, join_for_seat, leave_seat, pass_on_seats
from .times import (
    OfferOver,
    TimesFree,
    WaitsAlready,
    accept_offer,
    join,
    leave,
    pass_on_times,
    refuse_offer,
)

__all__ = [
    "OfferOver",
    "SeatOver",
    "SeatsFree",
    "TimesFree",
    "WaitsAlready",
    "WaitsForSeat",
    "WaitsTooOften",
    "accept_offer",
    "accept_seat",
    "join",
    "join_for_seat",
    "leave",
    "leave_seat",
    "pass_on",
    "refuse_offer",
]


def pass_on(uow: UnitOfWork, *, consultant_id: str) -> int:
    """Take what is over out of the lists, then offer what is free to who comes next; returns how many offers were made.

    Run by facts and by the clock, as often as anyone likes.
    """
    alone_with(uow, consultant_id)
    return pass_on_times(uow, consultant_id=consultant_id) + pass_on_seats(uow, consultant_id=consultant_id)
