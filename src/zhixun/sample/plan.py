"""What happened in the sample's past: who booked whom, when, and how it went. Pure: a seed and a moment in, stories out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from zhixun.features.quality.rules import DIMENSIONS
from zhixun.kernel.values import Actor

from .cast import Consulting
from .words import id_of

BOOKINGS_PER_CLIENT_MIN = 3
DAYS_PER_BOOKING = 14
"""A client books about every second week."""
DAYS_AHEAD = 6
APART, LEAD_MAX_AGAIN = timedelta(days=9), timedelta(days=3)
"""Between two bookings of one pair."""
NEWCOMER_BOOKINGS_MAX = 4
AHEAD_BPS = 400
"""The share of bookings whose session is still to come, in basis points."""


class Fate(StrEnum):
    COMPLETED = "completed"
    CANCELLED_EARLY = "cancelled_early"
    CANCELLED_LATE = "cancelled_late"
    CANCELLED_BY_CONSULTANT = "cancelled_by_consultant"
    EXPIRED = "expired"
    CLIENT_ABSENT = "client_absent"
    CONSULTANT_ABSENT = "consultant_absent"


class Quarrel(StrEnum):
    OPEN = "open"
    TO_RULE = "to_rule"
    RULED = "ruled"


DECK = (
    *[Fate.COMPLETED] * 66,
    *[Fate.EXPIRED] * 4,
    *[Fate.CANCELLED_EARLY] * 4,
    *[Fate.CANCELLED_LATE] * 2,
    *[Fate.CLIENT_ABSENT] * 2,
    Fate.CANCELLED_BY_CONSULTANT,
    Fate.CONSULTANT_ABSENT,
)
"""Fates are dealt from this, shuffled anew when it is used up: every eighty bookings hold each of them."""


@dataclass(frozen=True)
class Story:
    """One booking to be lived: at one of the next `among` free times from `wanted` on, booked `lead` before."""

    booking_id: str
    client: Actor
    consultant: Consulting
    service_number: int
    topic_id: str
    wanted: datetime
    lead: timedelta
    fate: Fate
    answers: Answers | None
    """What the client says afterwards; None where they say nothing (yet)."""
    among: int = 8
    quarrel: Quarrel | None = None
    """How far a dispute about it has come, where there is one."""
    number: int = 0
    """Which of the consultant's bookings this is; each reads a little different."""

    def dice(self, what: str) -> Random:
        """Chance for one part of the story, the same at every telling."""
        return Random(f"{what}:{self.booking_id}")

    @property
    def language(self) -> str:
        """The client's, where the consultant speaks it."""
        spoken = self.consultant.profile.languages
        return self.client.language if self.client.language in spoken else "zh" if "zh" in spoken else "en"


@dataclass(frozen=True)
class Answers:
    scores: dict[str, int]
    nps: int
    solved: str
    mood: str
    """good, mixed or bad."""
    with_words: bool


def stories(
    *, seed: int, consultants: Sequence[Consulting], clients: Sequence[Actor], days: int, now: datetime
) -> list[Story]:
    """Every booking of the last `days` and some to come. The stories of one pair are in the order of time."""
    random = Random(f"plan:{seed}")
    count = max(len(clients) * BOOKINGS_PER_CLIENT_MIN, len(clients) * days // DAYS_PER_BOOKING)
    weights = _popularity(random, consultants)
    booked: Counter[int] = Counter()
    pairs: dict[tuple[str, int], list[Story]] = {}
    fates: list[Fate] = []
    for number in range(count):
        fates = fates or random.sample(DECK, len(DECK))
        client = random.choice(clients)
        consultant = _chosen(random, client, consultants, weights, booked)
        booked[consultant.place] += 1
        story = _story(random, id_of("booking", seed, number), client, consultant, fates.pop(), days, now)
        story = replace(story, number=booked[consultant.place])
        pairs.setdefault((client.user_id, consultant.place), []).append(story)
    told = [_one_after_another(pair) for pair in pairs.values()]
    random.shuffle(told)
    return [story for pair in told for story in pair]


def _one_after_another(pair: list[Story]) -> list[Story]:
    """The stories of one pair, far enough apart that their conversation reads in the order of time."""
    found: list[Story] = []
    for story in sorted(pair, key=lambda one: one.wanted, reverse=True):
        latest = found[-1].wanted - APART if found else story.wanted
        found.append(replace(story, wanted=min(story.wanted, latest), lead=min(story.lead, LEAD_MAX_AGAIN)))
    return found[::-1] if len(found) > 1 else pair


def answers(random: Random, level: float) -> Answers:
    """A feedback by a client of a consultant whose sessions tend to `level`."""
    mood = level + 0.15 + random.gauss(0, 0.45) - (1.4 if random.random() < 0.03 else 0)
    scores = {name: min(5, max(1, round(mood + random.gauss(0, 0.35)))) for name in DIMENSIONS}
    mean = sum(scores.values()) / len(scores)
    nps = min(10, max(0, round(mean * 2 + random.gauss(0.1, 0.7))))
    if mean >= 4.3:
        said, solved = "good", random.choices(("yes", "partly"), (92, 8))[0]
    elif mean >= 3.4:
        said, solved = "mixed", random.choices(("yes", "partly", "no"), (35, 60, 5))[0]
    else:
        said, solved = "bad", random.choices(("partly", "no"), (40, 60))[0]
    return Answers(scores, nps, solved, said, with_words=random.random() < 0.72)


def _popularity(random: Random, consultants: Sequence[Consulting]) -> dict[int, float]:
    """Some are asked more often than others: mostly those who were there first, the demo consultant above all."""
    ranked = sorted(consultants, key=lambda one: one.place and one.place + random.uniform(0, 40))
    return {one.place: (rank + 4) ** -0.35 for rank, one in enumerate(ranked)}


def _chosen(
    random: Random, client: Actor, consultants: Sequence[Consulting], weights: dict[int, float], booked: Counter[int]
) -> Consulting:
    """Someone who speaks the client's language (or anybody, where nobody does), of the client's own two fields mostly."""
    own = set(Random(f"fields:{client.user_id}").choices([one.profile.field_id for one in consultants], k=2))
    open_to = [
        one for one in consultants if not one.profile.newcomer or booked[one.place] < NEWCOMER_BOOKINGS_MAX
    ] or list(consultants)  # fmt: skip
    speaking = [one for one in open_to if client.language in one.profile.languages] or open_to
    fitting = [one for one in speaking if one.profile.field_id in own]
    choice = fitting if fitting and random.random() < 0.85 else speaking
    return random.choices(choice, [weights[one.place] for one in choice])[0]


def _story(
    random: Random, booking_id: str, client: Actor, consultant: Consulting, fate: Fate, days: int, now: datetime
) -> Story:
    """More sessions lie near today than long ago: the house grows."""
    if random.randrange(10_000) < AHEAD_BPS:
        wanted = now + timedelta(days=random.uniform(0.1, min(DAYS_AHEAD, days)))
    else:
        wanted = now - timedelta(days=days * random.random() ** 1.35, hours=3)
    lead = min(timedelta(hours=max(3.0, random.expovariate(1 / 40))), timedelta(days=20))
    services = len(consultant.profile.services)
    return Story(
        booking_id=booking_id,
        client=client,
        consultant=consultant,
        service_number=random.choices(range(services), [3, 2, 2][:services])[0],
        topic_id=random.choice(consultant.profile.topic_ids),
        wanted=wanted.replace(microsecond=0),
        lead=lead,
        fate=fate,
        answers=answers(random, consultant.profile.level) if random.random() < 0.7 else None,
    )
