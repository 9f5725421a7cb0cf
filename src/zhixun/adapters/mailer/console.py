"""Writes to the log that there is a mail, instead of sending it. For the demo and for development. Who gets it and what it
says stays out: a log outlives a person's erasure. The demo, whose people are invented, shows the words too: a newcomer has
to be able to follow the links."""

import structlog

from zhixun.features.notifications.ports import Mail

log = structlog.get_logger()


class ConsoleMailer:
    def __init__(self, *, shows_words: bool = False) -> None:
        self._shows_words = shows_words

    def send(self, mail: Mail) -> None:
        log.info(
            "mail", to=f"…@{mail.to.rpartition('@')[2]}", subject=mail.subject, lines=mail.text.count("\n") + 1, message_id=mail.message_id,
            attachments=[one.name for one in mail.attachments],
        )  # fmt: skip
        if self._shows_words:
            print("".join(f"    | {line}\n" for line in mail.text.splitlines()), end="", flush=True)
