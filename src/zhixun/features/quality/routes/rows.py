"""What a list of sessions asks of its reader: of a client how it was, of a consultant the summary they owe."""

from __future__ import annotations

from collections.abc import Sequence

from zhixun.features.booking.queries import BookingView

from .feedback import feedback_wanted
from .summary import summaries_wanted


def wanted_of_reader(sessions: Sequence[BookingView]) -> dict[str, str]:
    """Session id → a button, where there is something to do. Nobody is both of the people of a session."""
    return feedback_wanted(sessions) | summaries_wanted(sessions)
