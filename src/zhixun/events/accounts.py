from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class PersonSignedUp(Event):
    user_id: str
