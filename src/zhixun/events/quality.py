from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class FeedbackGiven(Event):
    feedback_id: str
    booking_id: str
    client_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class AfterSession(Event):
    booking_id: str
    client_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class SummaryWritten(AfterSession):
    """The consultant's written summary is there for the first time."""


@dataclass(frozen=True, kw_only=True)
class FollowUpAsked(AfterSession):
    """The client asked the question that is included."""


@dataclass(frozen=True, kw_only=True)
class FollowUpAnswered(AfterSession):
    """The consultant answered it for the first time."""
