"""Everything that can be done to a booking, in the order of its life: asking, paying, moving, meeting, and the ways it ends."""

from .answering import ConsultantAnswers, RequestAccepted, RequestOver, accept_request, decline_request
from .asking import (
    BookingMade,
    NotBetweenThem,
    OwnService,
    TooManyHolds,
    after_own_other_requests,
    request_booking,
    write_brief,
)
from .calling_off import (
    MoreStandsThere,
    call_off_booking,
    call_off_days,
    midnight_after,
    note_called_off,
    state_days_off_open,
)
from .cancelling import cancel_booking
from .clock import pass_time, release_money
from .feeds import close_feed, open_feed
from .groups import (
    GroupClosed,
    GroupFull,
    GroupWish,
    SeatedAlready,
    TooManyGroups,
    cancel_group,
    close_if_emptied,
    complete_group,
    decide_group,
    join_group,
    keep_seat,
    let_seat_go,
    set_group,
    take_seat,
)
from .holding import keep_money, let_money_go
from .instantly import book_answered
from .meeting import ConsultantsTurn, NotThere, begin_session, complete_session, join_session, stop_waiting
from .moving import MovedMeanwhile, TooCloseToMove, TooManyMoves, WaitsForAnswer, reschedule_booking
from .paying import confirm_if_paid
from .preparing import answer_intake
from .record import NotYet, TooLate
from .refunding import NotEnded, refund_booking
from .series import (
    SeriesMade,
    SeriesNotFree,
    SeriesUnpaid,
    cancel_series,
    choose_series_terms,
    confirm_series_without_payment,
    request_series,
)
from .terms import choose_terms, confirm_without_payment

__all__ = [
    "BookingMade",
    "ConsultantAnswers",
    "ConsultantsTurn",
    "GroupClosed",
    "GroupFull",
    "GroupWish",
    "MoreStandsThere",
    "MovedMeanwhile",
    "NotBetweenThem",
    "NotEnded",
    "NotThere",
    "NotYet",
    "OwnService",
    "RequestAccepted",
    "RequestOver",
    "SeatedAlready",
    "SeriesMade",
    "SeriesNotFree",
    "SeriesUnpaid",
    "TooCloseToMove",
    "TooLate",
    "TooManyGroups",
    "TooManyHolds",
    "TooManyMoves",
    "WaitsForAnswer",
    "accept_request",
    "after_own_other_requests",
    "answer_intake",
    "begin_session",
    "book_answered",
    "call_off_booking",
    "call_off_days",
    "cancel_booking",
    "cancel_group",
    "cancel_series",
    "choose_series_terms",
    "choose_terms",
    "close_feed",
    "close_if_emptied",
    "complete_group",
    "complete_session",
    "confirm_if_paid",
    "confirm_series_without_payment",
    "confirm_without_payment",
    "decide_group",
    "decline_request",
    "join_group",
    "join_session",
    "keep_money",
    "keep_seat",
    "let_money_go",
    "let_seat_go",
    "midnight_after",
    "note_called_off",
    "open_feed",
    "pass_time",
    "refund_booking",
    "release_money",
    "request_booking",
    "request_series",
    "reschedule_booking",
    "set_group",
    "state_days_off_open",
    "stop_waiting",
    "take_seat",
    "write_brief",
]
