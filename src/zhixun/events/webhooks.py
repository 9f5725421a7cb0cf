from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class WebhookDue(Event):
    """A fact waits to be told to another program."""

    delivery_id: str
