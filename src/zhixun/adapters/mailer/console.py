"""Writes to the log that there is a mail, instead of sending it. For the demo and for development. Who gets it and what it
says stays out: a log outlives a person's erasure. The demo shows the links a mail has too: a newcomer without
a mail server has to be able to follow them."""

import re

import structlog

from zhixun.features.notifications.ports import Mail

log = structlog.get_logger()
LINK = re.compile(r"https?://\S+")


class ConsoleMailer:
    def __init__(self, *, shows_links: bool = False) -> None:
        self._shows_links = shows_links

    def send(self, mail: Mail) -> None:
        log.info(
            "mail", to=f"…@{mail.to.rpartition('@')[2]}", subject=mail.subject, lines=mail.text.count("\n") + 1, message_id=mail.message_id,
            attachments=[one.name for one in mail.attachments],
        )  # fmt: skip
        if self._shows_links:
            print("".join(f"    | {link}\n" for link in LINK.findall(mail.text)), end="", flush=True)
