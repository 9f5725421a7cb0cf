"""What feedback asks, how experts read a session, and the published formulas that put their numbers together.

Feedback is the client's form, experts is the reviewers' sheet and who may fill it in, estimates turns few numbers into
an honest figure with its interval, agreement says how far the experts can be trusted, disguise takes the names out.
"""

from .agreement import Bias, alpha_ordinal, biases
from .disguise import Names, disguise
from .estimates import Estimate, Group, Population, estimate, population_of
from .experts import (
    CASE_LASTS,
    CASES_PER_NIGHT,
    DIFFERENCE_MAX,
    EXPERT_WORDS_LENGTH_MAX,
    MARK_MAX,
    MARK_MIN,
    READ_AGAIN_AFTER,
    SAMPLED_WITHIN,
    SEAT_LASTS,
    SEATS_HELD_MAX,
    Candidate,
    check_marks,
    check_words,
    choose_cases,
    seats_needed,
    weighted_score,
)
from .feedback import (
    DIMENSIONS,
    NPS_MAX,
    NPS_MIN,
    SCORE_MAX,
    SCORE_MIN,
    SCORE_SHOWN_FROM,
    SOLVED,
    WINDOW,
    WORDS_LENGTH_MAX,
    check_answers,
    check_scores,
    mean,
)

__all__ = [
    "CASES_PER_NIGHT",
    "CASE_LASTS",
    "DIFFERENCE_MAX",
    "DIMENSIONS",
    "EXPERT_WORDS_LENGTH_MAX",
    "MARK_MAX",
    "MARK_MIN",
    "NPS_MAX",
    "NPS_MIN",
    "READ_AGAIN_AFTER",
    "SAMPLED_WITHIN",
    "SCORE_MAX",
    "SCORE_MIN",
    "SCORE_SHOWN_FROM",
    "SEATS_HELD_MAX",
    "SEAT_LASTS",
    "SOLVED",
    "WINDOW",
    "WORDS_LENGTH_MAX",
    "Bias",
    "Candidate",
    "Estimate",
    "Group",
    "Names",
    "Population",
    "alpha_ordinal",
    "biases",
    "check_answers",
    "check_marks",
    "check_scores",
    "check_words",
    "choose_cases",
    "disguise",
    "estimate",
    "mean",
    "population_of",
    "seats_needed",
    "weighted_score",
]
