"""What feedback asks, and how scores are put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import plain_text

DIMENSIONS = ("accuracy", "clarity", "actionable", "boundaries", "punctual")
SCORE_MIN, SCORE_MAX = 1, 5
NPS_MIN, NPS_MAX = 0, 10
SOLVED = ("yes", "partly", "no")
WORDS_LENGTH_MAX = 2_000
WINDOW = timedelta(days=7)
"""How long after completion feedback may be given and changed."""
SCORE_SHOWN_FROM = 5
"""Below this many answers a mean says more about luck than about the consultant; we say so instead."""


def check_scores(scores: Mapping[str, int]) -> dict[str, int]:
    """The five scores, complete and in range. Raises Invalid naming each dimension that is wrong."""
    wrong = {
        name: N_("Please choose 1 to 5.")
        for name in DIMENSIONS
        if type(scores.get(name)) is not int or not SCORE_MIN <= scores[name] <= SCORE_MAX  # True is no score
    }
    if wrong:
        raise Invalid(fields=wrong)
    return {name: scores[name] for name in DIMENSIONS}


def check_answers(*, nps: int, solved: str, words: str) -> str:
    """The words as they are kept. Raises Invalid."""
    if type(nps) is not int or not NPS_MIN <= nps <= NPS_MAX:
        raise Invalid(fields={"nps": N_("Please choose 0 to 10.")})
    if solved not in SOLVED:
        raise Invalid(fields={"solved": N_("Please say whether it helped.")})
    text = plain_text(words)
    if len(text) > WORDS_LENGTH_MAX:
        raise Invalid(fields={"words": N_("Please keep it under 2,000 characters.")})
    return text


def mean(scores: Sequence[float]) -> float:
    """Satisfaction: the plain mean of feedback scores, S = Σ sᵢ / n (the published formula)."""
    return sum(scores) / len(scores) if scores else 0.0
