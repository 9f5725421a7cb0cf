from .experts import (
    NoSeat,
    ReviewersOnly,
    SeatLost,
    TooManySeats,
    close_overdue,
    free_overdue_seats,
    give_back_seat,
    hand_in,
    open_case,
    take_seat,
)
from .feedback import NotCompleted, WindowClosed, give_feedback

__all__ = [
    "NoSeat",
    "NotCompleted",
    "ReviewersOnly",
    "SeatLost",
    "TooManySeats",
    "WindowClosed",
    "close_overdue",
    "free_overdue_seats",
    "give_back_seat",
    "give_feedback",
    "hand_in",
    "open_case",
    "take_seat",
]
