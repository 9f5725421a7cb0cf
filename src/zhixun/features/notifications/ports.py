from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class House:
    """What a mail needs to know of the house that sends it."""

    public_url: str
    key: str = field(repr=False)
    """Signs the links by which a reader ends mails."""


@dataclass(frozen=True)
class Attachment:
    name: str
    """With its ending, as the reader sees it: "session.ics"."""
    media_type: str
    """Such as "text/calendar; method=REQUEST; charset=utf-8"."""
    data: bytes


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    text: str
    message_id: str
    """Comes from the fact, so that a mail sent twice can be recognised as one."""
    html: str = ""
    """The same words as a page of their own; empty where there is none."""
    attachments: tuple[Attachment, ...] = ()
    unsubscribe_url: str = ""
    """Where the reader ends mails of this kind, by one POST; empty for mails one may not do without."""


class Undeliverable(Exception):
    """The address is refused for good: trying again would not help."""


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Hand one mail over. Raises Undeliverable, or anything else on a failure that may pass; the fact that caused
        the mail is then delivered again later."""
