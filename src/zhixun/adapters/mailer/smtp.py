"""Sends mails through a mail server of yours, one connection per mail."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from zhixun.features.notifications.ports import Attachment, Mail, Undeliverable
from zhixun.kernel.values import utc_now

CONNECT_SECONDS_MAX = 20
REFUSED_FOR_GOOD = frozenset({550, 551, 553})
"""No such mailbox, moved away, no such name (RFC 5321, 4.2.2). Anything else may pass."""


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    sender: str
    """The address, or "Name <address>", that mails come from."""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"
    """ "starttls" (the server must offer it), "implicit" (encrypted from the first byte) or "off"."""


class SmtpMailer:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, mail: Mail) -> None:
        message = composed(mail, self._server.sender)
        with self._connection() as connection:
            try:
                connection.send_message(message, to_addrs=[mail.to])
            except smtplib.SMTPRecipientsRefused as refusal:
                code, _ = next(iter(refusal.recipients.values()))
                if code in REFUSED_FOR_GOOD:
                    raise Undeliverable(f"{code} for {mail.message_id}") from refusal
                raise
            except smtplib.SMTPNotSupportedError as refusal:  # an address in letters this server cannot write
                raise Undeliverable(f"{refusal} for {mail.message_id}") from refusal

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        where = self._server
        if where.tls == "implicit":
            with smtplib.SMTP_SSL(
                where.host, where.port, timeout=CONNECT_SECONDS_MAX, context=ssl.create_default_context()
            ) as connection:
                yield self._signed_in(connection)
            return
        with smtplib.SMTP(where.host, where.port, timeout=CONNECT_SECONDS_MAX) as connection:
            if where.tls == "starttls":  # raises where it is not offered: never in the clear by surprise
                connection.starttls(context=ssl.create_default_context())
            yield self._signed_in(connection)

    def _signed_in(self, connection: smtplib.SMTP) -> smtplib.SMTP:
        if self._server.user:
            connection.login(self._server.user, self._server.password)
        return connection


def composed(mail: Mail, sender: str) -> EmailMessage:
    """The mail in its form for the wire: text, HTML beside it, attachments, and what mail programs need to know."""
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    message["From"] = _address(address, name)
    message["To"] = _address(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = f"<{mail.message_id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:  # RFC 8058: a mail program may end them by one POST
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    if mail.attachments:
        message.make_mixed()
        for attachment in mail.attachments:
            message.attach(_part(attachment))
    return message


def _address(text: str, name: str = "") -> Address:
    """In parts, because the library's own reading of a whole address knows ASCII only."""
    user, _, domain = text.rpartition("@")
    return Address(name, user, domain)


def _part(attachment: Attachment) -> EmailMessage:
    part = EmailMessage(policy=SMTP)
    kind, *values = (piece.strip() for piece in attachment.media_type.split(";"))
    main, _, sub = kind.partition("/")
    part.set_content(attachment.data, main, sub, disposition="attachment", filename=attachment.name)
    for value in values:
        name, _, said = value.partition("=")
        part.set_param(name, said)
    return part
