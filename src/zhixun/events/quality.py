from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class FeedbackGiven(Event):
    feedback_id: str
    booking_id: str
    client_id: str
    consultant_id: str
