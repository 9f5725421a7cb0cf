from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A person took back a yes that stood."""

    user_id: str
    purpose: str
    at: str
    """ISO 8601."""
