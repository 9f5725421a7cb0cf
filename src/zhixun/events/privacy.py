from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A person took back a yes that stood."""

    user_id: str
    purpose: str
    at: str
    """ISO 8601."""


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """Their rows are gone and their key is destroyed. Whoever keeps anything outside the database lets go of it now."""

    person_id: str
