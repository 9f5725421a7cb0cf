from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class InteractionsStated(Event):
    """What a person did, as their browser or the house itself says; not yet cleaned of what came twice."""

    user_id: str
    interactions: str
    """JSON: a list of objects, see behaviour.rules.Interaction."""


@dataclass(frozen=True, kw_only=True)
class InteractionsRecorded(Event):
    """New interactions of a person are in the log."""

    user_id: str
    count: int
