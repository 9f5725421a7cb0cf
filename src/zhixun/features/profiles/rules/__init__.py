"""From interactions to interests and habits, and from many people's interests to segments with names."""

from .habits import HOURS, Habits, habits_of, part_of_day
from .interests import (
    KIND_WEIGHTS,
    LABEL_PREFIXES,
    Correction,
    Interest,
    corrected,
    cosine,
    idf_of,
    interest_of,
    labels_in,
    term_weights,
)
from .learning import Gathered, Learnt, learn
from .noted import Noted, told_once
from .pages import page_name
from .segments import PEOPLE_MIN, Segment, Segments, name_of, nearest, segment_people

__all__ = [
    "HOURS", "KIND_WEIGHTS", "LABEL_PREFIXES", "PEOPLE_MIN", "Correction", "Gathered", "Habits", "Interest", "Learnt", "Noted", "Segment", "Segments",
    "corrected", "cosine", "habits_of", "idf_of", "interest_of", "labels_in", "learn", "name_of", "nearest", "page_name",
    "part_of_day",
    "segment_people", "term_weights", "told_once",
]  # fmt: skip
