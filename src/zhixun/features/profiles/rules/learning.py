"""Everything that is worked out of everyone together, once a night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from zhixun.features.behaviour.rules import Interaction
from zhixun.kernel.values import Words

from .habits import Habits, habits_of
from .interests import Interest, idf_of, interest_of, term_weights
from .segments import Segments, name_of, segment_people


@dataclass(frozen=True)
class Gathered:
    """By user id: what they did, the latest first, and their zone. By consultant id: labels. By label: its name."""

    done: Mapping[str, Sequence[Interaction]]
    zones: Mapping[str, str]
    labels_of: Mapping[str, Sequence[str]]
    names: Mapping[str, Words]


@dataclass(frozen=True)
class Learnt:
    """By user id: interest and habits. `named`: segment key → name."""

    idf: Mapping[str, float]
    interests: Mapping[str, Interest]
    habits: Mapping[str, Habits]
    found: Segments
    named: Mapping[str, Words]

    def segment_of(self, user_id: str) -> str:
        return (self.found.members or {}).get(user_id, "")


def learn(gathered: Gathered, now: datetime) -> Learnt:
    """How telling each term is, everyone's interests and habits with it, and the segments."""
    done, labels = gathered.done, gathered.labels_of
    idf = idf_of([list(term_weights(many, labels, now)) for many in done.values()])
    interests = {user_id: interest_of(many, labels, idf, now) for user_id, many in done.items()}
    found = segment_people({user_id: one.vector for user_id, one in interests.items()})
    return Learnt(
        idf, interests, {user_id: habits_of(many, gathered.zones[user_id]) for user_id, many in done.items()},
        found, {one.key: name_of(one, gathered.names) for one in found.segments},
    )  # fmt: skip
