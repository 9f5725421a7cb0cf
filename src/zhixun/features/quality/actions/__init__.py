from .appeals import AlreadyDecided, TooLateToAppeal, appeal, decide_appeal
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
from .feedback import NotCompleted, WindowClosed, forget_words, give_feedback
from .learning import keep_model
from .summaries import NotHeld, QuestionAsked, TooLateToAsk, answer_follow_up, ask_follow_up, write_summary

__all__ = [
    "AlreadyDecided",
    "NoSeat",
    "NotCompleted",
    "NotHeld",
    "QuestionAsked",
    "ReviewersOnly",
    "SeatLost",
    "TooLateToAppeal",
    "TooLateToAsk",
    "TooManySeats",
    "WindowClosed",
    "answer_follow_up",
    "appeal",
    "ask_follow_up",
    "close_overdue",
    "decide_appeal",
    "forget_words",
    "free_overdue_seats",
    "give_back_seat",
    "give_feedback",
    "hand_in",
    "keep_model",
    "open_case",
    "take_seat",
    "write_summary",
]
