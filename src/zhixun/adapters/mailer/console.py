"""Writes to the log that there is a mail, instead of sending it. For the demo and for development. Who gets it stays out:
a log outlives a person's erasure."""

import structlog

from zhixun.features.notifications.ports import Mail

log = structlog.get_logger()


class ConsoleMailer:
    def send(self, mail: Mail) -> None:
        log.info(
            "mail", to=f"…@{mail.to.rpartition('@')[2]}", subject=mail.subject, lines=mail.text.count("\n") + 1, message_id=mail.message_id,
            attachments=[one.name for one in mail.attachments],
        )  # fmt: skip
