from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(Event):
    """What is known of a person is not what it was, or they corrected it."""

    user_id: str
