"""What can happen to knowledge articles and to conversations with the assistant."""

from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class ArticleChanged(Event):
    """An article was published, changed while published, or taken back."""

    article_id: str


@dataclass(frozen=True, kw_only=True)
class HandOverAsked(Event):
    hand_over_id: str
    talk_id: str
    person_id: str


@dataclass(frozen=True, kw_only=True)
class HandOverEnded(Event):
    """A person of the house has answered, or (`state` lapsed) nobody did in time."""

    hand_over_id: str
    talk_id: str
    person_id: str
    state: str
    answered_by: str = ""
