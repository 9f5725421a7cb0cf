from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class MessageSent(Event):
    message_id: str
    conversation_id: str
    sender_id: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class FileRemoved(Event):
    """Its sender took a file back; what was kept of it is to go."""

    file_id: str
    conversation_id: str
