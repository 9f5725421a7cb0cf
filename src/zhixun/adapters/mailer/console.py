"""Writes mails to the log instead of sending them. For the demo and for development."""

import structlog

log = structlog.get_logger()


class ConsoleMailer:
    def send(self, *, to: str, subject: str, body: str, message_id: str) -> None:
        log.info("mail", to=to, subject=subject, lines=body.count("\n") + 1, message_id=message_id)
