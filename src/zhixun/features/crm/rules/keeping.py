"""How long an answer may take, what a note may be, and how a complaint moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import plain_text

KINDS = ("complaint", "suggestion")
REPORTED = {
    "harassment": N_("Insults, threats or harassment"),
    "outside": N_("Wants to be reached or paid outside this site"),
    "false": N_("Pretends to be someone else, or lies about their work"),
    "danger": N_("Someone may be in danger"),
    "other": N_("Something else"),
}
ANSWER_DUE = {"complaint": timedelta(days=3), "suggestion": timedelta(days=7), "report": timedelta(days=1)}
QUOTED = 10
"""So many of the other's latest messages go with a report, where its writer says so."""
OPEN_MAX = 5
"""Matters of one person that may wait for an answer at once."""
TEXT_LENGTH_MIN, TEXT_LENGTH_MAX = 10, 4_000
NOTE_LENGTH_MAX = 4_000
NOTES_MAX = 200
TAG_LENGTH_MAX, TAGS_MAX = 24, 12
VALUE_PERIOD = timedelta(days=365)
CONTACTS_PERIOD = timedelta(days=30)
HELPED = ("yes", "partly", "no")
CHECK_AFTER = timedelta(days=14)
"""So long after a session the client is asked whether it helped; the question stands for CHECK_LASTS."""
CHECK_LASTS = timedelta(days=21)
CHECKS_AT_ONCE = 200
HISTORY_SHOWN = 50


class State(StrEnum):
    NEW = "new"
    TAKEN = "taken"
    ANSWERED = "answered"


NEXT: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.TAKEN, State.ANSWERED}),
    State.TAKEN: frozenset({State.TAKEN, State.ANSWERED}),  # another may take it over
    State.ANSWERED: frozenset(),
}


def may_become(current: State, wanted: State) -> bool:
    return wanted in NEXT[current]


def clean_matter(kind: str, text: str) -> str:
    """What a person complains of or suggests, as it is kept. Raises Invalid."""
    kept, wrong = plain_text(text), {}
    if kind not in KINDS:
        wrong["kind"] = N_("Please choose what it is.")
    if len(kept) < TEXT_LENGTH_MIN:
        wrong["text"] = N_("Please say in a sentence what happened.")
    elif len(kept) > TEXT_LENGTH_MAX:
        wrong["text"] = N_("Please keep it under 4,000 characters.")
    if wrong:
        raise Invalid(fields=wrong)
    return kept


def report_text(reason: str, text: str, quoted: Sequence[str]) -> str:
    """A report as it is kept: why, in their words, and what the other wrote. Raises Invalid."""
    if reason not in REPORTED:
        raise Invalid(fields={"reason": N_("Please choose what it is about.")})
    said = "\n".join(f"> {line}" for one in quoted for line in one.splitlines())
    return f"[{reason}] {clean_matter('complaint', text)}" + (f"\n\n{said}" if said else "")


def clean_answer(text: str) -> str:
    """Raises Invalid."""
    kept = plain_text(text)
    if not 0 < len(kept) <= TEXT_LENGTH_MAX:
        raise Invalid(fields={"answer": N_("Please write an answer of at most 4,000 characters.")})
    return kept


def clean_note(text: str) -> str:
    """Raises Invalid."""
    kept = plain_text(text)
    if not 0 < len(kept) <= NOTE_LENGTH_MAX:
        raise Invalid(fields={"note": N_("A note has 1 to 4,000 characters.")})
    return kept


def clean_tag(text: str) -> str:
    """One line, small. Raises Invalid."""
    kept = " ".join(plain_text(text).split())
    if not 0 < len(kept) <= TAG_LENGTH_MAX:
        raise Invalid(fields={"tag": N_("A tag has 1 to 24 characters.")})
    return kept
