"""The states of a dispute, whose turn it is and until when, and what silence means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, plain_text

ANSWER_WITHIN = timedelta(days=7)
EVIDENCE_FOR = timedelta(days=3)
RULE_WITHIN = timedelta(days=3)
HOUSE_SILENT_BPS = 5_000
"""Where the house itself is late, half of what was asked goes back: neither of the two pays for our silence alone."""
WORDS_LENGTH_MIN, WORDS_LENGTH_MAX = 10, 4_000
STATEMENTS_MAX = 20
"""Statements of one person in one dispute."""

REASONS = {
    "not_held": N_("The session was not held as agreed"),
    "short": N_("It was much shorter than paid for"),
    "technical": N_("Sound or picture did not work"),
    "not_as_described": N_("It was not what the service promised"),
    "conduct": N_("The conduct was not acceptable"),
    "other": N_("Something else"),
}


class State(StrEnum):
    OPEN = "open"
    EVIDENCE = "evidence"
    RULING = "ruling"
    DECIDED = "decided"


class Outcome(StrEnum):
    AGREED = "agreed"
    RULED = "ruled"
    CONSULTANT_SILENT = "consultant_silent"
    HOUSE_SILENT = "house_silent"
    WITHDRAWN = "withdrawn"


NEXT: dict[State, frozenset[State]] = {
    State.OPEN: frozenset({State.EVIDENCE, State.DECIDED}),
    State.EVIDENCE: frozenset({State.RULING, State.DECIDED}),
    State.RULING: frozenset({State.DECIDED}),
    State.DECIDED: frozenset(),
}


def may_become(current: State, wanted: State) -> bool:
    return wanted in NEXT[current]


@dataclass(frozen=True)
class TimedExit:
    """Where silence leads from a state; `outcome` and `back` where that is the end."""

    to: State
    within: timedelta
    outcome: Outcome | None = None
    back_bps: int = 0


SILENCE: dict[State, TimedExit] = {
    State.OPEN: TimedExit(State.DECIDED, ANSWER_WITHIN, Outcome.CONSULTANT_SILENT, 10_000),
    State.EVIDENCE: TimedExit(State.RULING, EVIDENCE_FOR),
    State.RULING: TimedExit(State.DECIDED, RULE_WITHIN, Outcome.HOUSE_SILENT, HOUSE_SILENT_BPS),
}
"""A consultant who says nothing agrees to what was asked; evidence closes; a house that is late splits it."""


def due_at(state: State, since: datetime) -> datetime | None:
    """Until when the one whose turn it is has time; None where it is decided."""
    return since + SILENCE[state].within if state in SILENCE else None


def clean_words(words: str) -> str:
    """Raises Invalid."""
    text = plain_text(words)
    if not WORDS_LENGTH_MIN <= len(text) <= WORDS_LENGTH_MAX:
        raise Invalid(fields={"words": N_("Please write 10 to 4,000 characters.")})
    return text


def check_reason(reason: str) -> str:
    if reason not in REASONS:
        raise Invalid(fields={"reason": N_("Please choose what it is about.")})
    return reason


def check_asked(asked: Money, left: Money) -> None:
    """Raises Invalid for an amount that is nothing, or more than is left of what was paid."""
    if asked.currency != left.currency or not 0 < asked.amount_minor <= left.amount_minor:
        raise Invalid(fields={"amount": N_("Please write an amount above zero, at most what is left of the price.")})


def check_ruling(back: Money, asked: Money) -> None:
    """A ruling gives back nothing, a part, or all of what was asked. Raises Invalid."""
    if back.currency != asked.currency or not 0 <= back.amount_minor <= asked.amount_minor:
        raise Invalid(fields={"amount": N_("Please write an amount between zero and what was asked.")})
