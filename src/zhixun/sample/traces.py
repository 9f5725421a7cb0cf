"""What the sample's people looked at and asked: with consent, as it is here; two of three of them gave it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from zhixun.features.behaviour import actions as behaviour
from zhixun.features.behaviour import queries as behaviour_queries
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.privacy import actions as privacy
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

from .cast import DEMO_CLIENT, consultant_at
from .plan import Fate, Story
from .words import brief_of, id_of

MINUTE = timedelta(minutes=1)
LOOKED_AT_BY_DEMO = (0, 4, 8, 12)
REFUSING_SHARE = 3
"""One of so many gave no consent."""
LASTS = timedelta(days=390)


def leave_traces(stories: Sequence[Story], now: datetime) -> None:
    """The questions, looks and payments around these bookings, one fact for each person."""
    for client in {story.client.user_id: story.client for story in stories}.values():
        if int(client.user_id[:6], 16) % REFUSING_SHARE:
            _state(client, [one for story in stories if story.client == client for one in _around(story, now)], now)


def leave_demo_traces(now: datetime) -> None:
    """The demo client has asked about what the first consultants do, and looked at them; once."""
    seen = []
    for number, place in enumerate(LOOKED_AT_BY_DEMO):
        consultant = consultant_at(place)
        topic, at = consultant.profile.topic_ids[0], now - timedelta(days=2 + 3 * number)
        labels = (f"field={consultant.profile.field_id}", f"topic={topic}")
        asked = Interaction(id_of("asked", place), "question", "house", at, "server", brief_of(topic, "zh"), labels)
        about = f"consultant:{consultant.actor.user_id}"
        looks = [
            Interaction(id_of("look", place, n), "view", about, at + n * MINUTE) for n in range(1, 3 - number // 2)
        ]
        seen += [asked, *looks]
    _state(DEMO_CLIENT, seen, now)


def _state(client: Actor, interactions: Sequence[Interaction], now: datetime) -> None:
    with unit_of_work(client, now) as uow:
        if not behaviour_queries.may_collect(uow.db, client.user_id):
            privacy.give_consent(uow, user_id=client.user_id, purpose="behaviour")
        behaviour.state_interactions(uow, interactions=[one for one in interactions if one.at > now - LASTS])


def _around(story: Story, now: datetime) -> Iterator[Interaction]:
    """Asked, looked, paid: as the house would have noted it then."""
    booked_at = min(story.wanted - story.lead, now - 20 * MINUTE)
    service = story.consultant.profile.services[story.service_number]
    about = f"consultant:{story.consultant.actor.user_id}"
    labels = (f"field={story.consultant.profile.field_id}", f"topic={story.topic_id}")
    text = brief_of(story.topic_id, story.language)
    said = story.booking_id
    yield Interaction(id_of("asked", said), "question", "house", booked_at - 9 * MINUTE, "server", text, labels)
    yield Interaction(id_of("look", said), "view", about, booked_at - 6 * MINUTE, "server")
    if story.fate is not Fate.EXPIRED:
        yield Interaction(
            id_of("paid", said), "payment", about, booked_at, "server", value_minor=service.price.amount_minor,
            channel=service.channel, starts_at=story.wanted,
        )  # fmt: skip
