"""What may be asked and answered, and what the person who takes over is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import plain_text

QUESTION_LENGTH_MAX = 1_000
ANSWERS_AT_ONCE, ANSWERS_TOGETHER = 2, 6
"""Answers being written for one asker, and in one process: fewer than it builds pages, however slowly a model speaks."""
NOTE_LENGTH_MAX = 1_000
ANSWER_LENGTH_MAX = 4_000
TURNS_SHOWN = 60
"""So many of the latest turns of a conversation are shown."""
WAITS = timedelta(days=7)
"""A hand-over that nobody answered ends after this, and the person is told so."""
UNOWNED_KEPT = timedelta(days=30)
"""So long after its last word a conversation stays whose asker never signed in."""
QUESTIONS_TOLD, QUESTION_TOLD_LENGTH_MAX, TITLES_TOLD = 5, 300, 5


@dataclass(frozen=True)
class Summary:
    """What the person who takes over reads first: the questions in the asker's own words, and what was tried."""

    questions: tuple[str, ...]
    titles: tuple[str, ...]
    """Articles that were cited."""
    unanswered: int
    """How many of the questions had no answer."""
    crisis: bool

    def as_dict(self) -> dict[str, object]:
        return {
            "questions": list(self.questions), "titles": list(self.titles), "unanswered": self.unanswered,
            "crisis": self.crisis,
        }  # fmt: skip


def summary_of(questions: Sequence[str], kinds: Sequence[str], titles: Sequence[str]) -> Summary:
    """`kinds` are those of what was answered. Quotes, never retells: a summary must not say what nobody said."""
    told = tuple(one[:QUESTION_TOLD_LENGTH_MAX] for one in questions[-QUESTIONS_TOLD:])
    return Summary(
        told, tuple(dict.fromkeys(titles))[:TITLES_TOLD], sum(kind == "unknown" for kind in kinds), "crisis" in kinds
    )


def clean_question(text: str) -> str:
    """Raises Invalid."""
    clean = plain_text(text)
    if not clean:
        raise Invalid(fields={"question": N_("Please write your question.")})
    if len(clean) > QUESTION_LENGTH_MAX:
        raise Invalid(fields={"question": N_("A question has at most 1,000 characters.")})
    return clean


def clean_note(text: str) -> str:
    clean = plain_text(text)
    if len(clean) > NOTE_LENGTH_MAX:
        raise Invalid(fields={"note": N_("A note has at most 1,000 characters.")})
    return clean


def check_answer(text: str) -> str:
    clean = plain_text(text)
    if not clean or len(clean) > ANSWER_LENGTH_MAX:
        raise Invalid(fields={"answer": N_("An answer has 1 to 4,000 characters.")})
    return clean
