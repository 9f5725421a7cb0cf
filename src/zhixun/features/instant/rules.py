"""The states of a call, the exit by time from each, and what may be asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, plain_text

PAY_WITHIN = timedelta(minutes=15)
RING_FOR = timedelta(minutes=10)
"""Unanswered so long, everything goes back."""
RINGS_MAX = 20
"""How many consultants one call rings at once."""
CHOICES_PER_PAGE = 6
"""What can be asked for now, so many at a time: a phone shows them without much scrolling."""
OPEN_MAX = 1
"""Calls one client may have open at once."""
AVAILABLE_MIN, AVAILABLE_MAX = timedelta(minutes=15), timedelta(hours=12)
QUESTION_LENGTH_MIN, QUESTION_LENGTH_MAX = 5, 4_000
ASKS_MAX, ASKS_SECONDS = 20, 600


class State(StrEnum):
    UNPAID = "unpaid"
    RINGING = "ringing"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


NEXT: dict[State, frozenset[State]] = {
    State.UNPAID: frozenset({State.RINGING, State.UNANSWERED, State.WITHDRAWN, State.LAPSED}),
    State.RINGING: frozenset({State.ANSWERED, State.UNANSWERED, State.WITHDRAWN}),
    State.ANSWERED: frozenset(),
    State.UNANSWERED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.LAPSED: frozenset({State.UNANSWERED}),  # paid too late: the money back
}
OPEN = (State.UNPAID, State.RINGING)


def may_become(current: State, wanted: State) -> bool:
    return wanted in NEXT[current]


def clean_question(question: str) -> str:
    """Raises Invalid."""
    text = plain_text(question)
    if not QUESTION_LENGTH_MIN <= len(text) <= QUESTION_LENGTH_MAX:
        raise Invalid(fields={"question": N_("Please write your question, in 5 to 4,000 characters.")})
    return text


def check_until(until: datetime, now: datetime) -> datetime:
    """How long a consultant is available. Raises Invalid."""
    if not now + AVAILABLE_MIN <= until <= now + AVAILABLE_MAX:
        raise Invalid(fields={"until": N_("Please choose an end between 15 minutes and 12 hours from now.")})
    return until


def within(price: Money, cap: Money | None) -> bool:
    return cap is None or (price.currency == cap.currency and price <= cap)
