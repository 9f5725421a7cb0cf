from typing import Protocol


class Mailer(Protocol):
    """Sends one mail. Raises on failure; the fact that caused it is then delivered again later."""

    def send(self, *, to: str, subject: str, body: str, message_id: str) -> None:
        """`message_id` comes from the fact, so that a mail sent twice can be recognised as one."""
