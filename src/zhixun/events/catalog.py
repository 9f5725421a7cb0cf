from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class ConsultantListed(Event):
    """A consultant, or what their page says, is new or changed."""

    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class ConsultantUnlisted(Event):
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class PhotoRemoved(Event):
    """A consultant's photo is shown no longer; what was kept of it is to go."""

    photo_id: str
