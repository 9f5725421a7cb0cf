from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class ConsultantListed(Event):
    """A consultant, or what their page says, is new or changed."""

    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class ConsultantUnlisted(Event):
    consultant_id: str
