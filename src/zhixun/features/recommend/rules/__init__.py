"""What a question is about, who fits it how well, and what may honestly be said for and against."""

from .ranking import (
    EXPLORE_PLACE,
    NEWCOMER_BELOW,
    WEIGHTS_PERCENT,
    Standing,
    fit,
    is_newcomer,
    median,
    per_minute,
    relevance,
    total,
    with_newcomer,
)
from .reasons import Facts, Said, doubt_of, reasons_of
from .understanding import Reading, Understood, crisis_of, labels_of, read

__all__ = [
    "EXPLORE_PLACE",
    "NEWCOMER_BELOW",
    "WEIGHTS_PERCENT",
    "Facts",
    "Reading",
    "Said",
    "Standing",
    "Understood",
    "crisis_of",
    "doubt_of",
    "fit",
    "is_newcomer",
    "labels_of",
    "median",
    "per_minute",
    "read",
    "reasons_of",
    "relevance",
    "total",
    "with_newcomer",
]  # fmt: skip
