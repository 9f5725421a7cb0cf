"""What follows a sample session: the written summary, the included question, and what experts say of some."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from zhixun.features.catalog import queries as catalog
from zhixun.features.privacy import queries as privacy
from zhixun.features.quality import actions as quality
from zhixun.features.quality.actions import NoSeat, TooManySeats
from zhixun.features.quality.rules import FOLLOW_UP_WITHIN
from zhixun.kernel.errors import NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM, Actor

from .cast import EXPERTS
from .history import acting
from .plan import Story
from .words import id_of, talk_of

READ_SHARE, READ_SHARE_OF_DEMO = 0.16, 0.4
LEANINGS = (0.0, 0.35, -0.25)
"""How much higher or lower each expert marks; the desk finds it out from the marks alone."""
STRICTER = 0.35
"""Experts mark lower than clients do."""
DAY = timedelta(days=1)
SLOW_BELOW = 4.3
"""Consultants whose sessions tend to less are also slower with their summaries."""
NEVER_WRITTEN, QUESTION_SHARE = 0.04, 0.25


def write_after(uow: UnitOfWork, story: Story, done_at: datetime, now: datetime) -> None:
    """Most summaries come in time, some late, a few never; some clients ask the question that is included."""
    random, said, language = story.dice("summary"), talk_of("experts"), story.language
    slow = story.consultant.profile.level < SLOW_BELOW
    hours = random.uniform(1, 40) if random.random() < (0.75 if slow else 0.93) else random.uniform(50, 90)
    written_at = done_at + timedelta(hours=hours)
    if written_at >= now or random.random() < NEVER_WRITTEN:
        return
    by = acting(uow, story.consultant.actor, written_at)
    quality.write_summary(by, booking_id=story.booking_id, text=random.choice(said["summary"][language]))
    asked_at = written_at + timedelta(hours=random.uniform(1, 30))
    if random.random() >= QUESTION_SHARE or asked_at >= now or asked_at > done_at + FOLLOW_UP_WITHIN:
        return
    which = random.randrange(len(said["question"][language]))
    asking = acting(uow, story.client, asked_at)
    quality.ask_follow_up(asking, booking_id=story.booking_id, question=said["question"][language][which])
    answered_at = asked_at + timedelta(hours=random.uniform(1, 30))
    if answered_at < now:
        answering = acting(uow, story.consultant.actor, answered_at)
        quality.answer_follow_up(answering, booking_id=story.booking_id, answer=said["answer"][language][which])


def let_experts_read(uow: UnitOfWork, story: Story, done_at: datetime, now: datetime) -> None:
    """Some sessions of those who agreed are read by two experts, by a third where the two are far apart. What lies less
    than some days back still waits for its second expert, or for its first."""
    random = story.dice("experts")
    share = READ_SHARE_OF_DEMO if story.consultant.place == 0 else READ_SHARE
    if random.random() >= share or not privacy.has_consent(uow.db, story.client.user_id, "expert_review"):
        return
    opened_at = done_at + DAY * 0.4
    if opened_at >= now:
        return
    quality.open_case(acting(uow, SYSTEM, opened_at), booking_id=story.booking_id)
    order = random.sample(range(len(EXPERTS)), len(EXPERTS))
    for turn, which in enumerate(order):
        at = opened_at + (1 + turn) * DAY * random.uniform(0.8, 1.3)
        if at >= now:
            return
        try:
            _read(uow, story, EXPERTS[which], random, LEANINGS[which], at)
        except (NotFound, NoSeat, TooManySeats):  # enough have read it
            return


def _read(uow: UnitOfWork, story: Story, expert: Actor, random: Random, leaning: float, at: datetime) -> None:
    as_expert = acting(uow, expert, at)
    quality.take_seat(as_expert, review_id=id_of("expert", story.booking_id, expert.user_id), case_id=story.booking_id)
    told = story.answers
    level = sum(told.scores.values()) / len(told.scores) if told else story.consultant.profile.level
    true = 0.5 * (level + story.consultant.profile.level) - STRICTER + story.dice("true").gauss(0, 0.25)
    marks = {
        line.name: min(5, max(1, round(true + leaning + random.gauss(0, 0.45))))
        for line in catalog.rubric_of(uow.db, story.consultant.profile.field_id)
    }
    said = talk_of("experts")
    quality.hand_in(
        as_expert, case_id=story.booking_id, marks=marks, good=random.choice(said["good"][story.language]),
        learn=random.choice(said["learn"][story.language]),
    )  # fmt: skip
