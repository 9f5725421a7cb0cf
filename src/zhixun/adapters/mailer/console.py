"""Writes mails to the log instead of sending them. For the demo and for development."""

import structlog

from zhixun.features.notifications.ports import Mail

log = structlog.get_logger()


class ConsoleMailer:
    def send(self, mail: Mail) -> None:
        log.info(
            "mail", to=mail.to, subject=mail.subject, lines=mail.text.count("\n") + 1, message_id=mail.message_id,
            attachments=[one.name for one in mail.attachments],
        )  # fmt: skip
