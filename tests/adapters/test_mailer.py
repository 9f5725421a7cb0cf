"""What every mailer promises, and what goes over the wire to a real SMTP server."""

from __future__ import annotations

import email
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from zhixun.adapters.mailer.console import ConsoleMailer
from zhixun.adapters.mailer.smtp import MailServer, SmtpMailer
from zhixun.features.notifications.ports import Attachment, Mail, Mailer, Undeliverable

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
PLAIN = Mail(
    "ada@example.com", "咨询已确认：选 offer", "你好，Ada。\n\n时间：周三\n", "018f0000000070008000000000000001"
)
WHOLE = replace(
    PLAIN,
    html="<p>你好，<b>Ada</b>。</p>",
    attachments=(
        Attachment("咨询.ics", "text/calendar; method=REQUEST; charset=utf-8", CALENDAR),
        Attachment("receipt.pdf", "application/pdf", bytes(range(256)) * 40),
    ),
    unsubscribe_url="https://consult.example.com/notices/stop/abc",
)


@dataclass
class Office:
    """A mail server that keeps what it was given, and refuses whom it is told to refuse."""

    got: list[EmailMessage] = field(default_factory=list)
    signed_in: list[bool] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.startswith("gone"):
            return "550 no such user"
        if address.startswith("busy"):
            return "451 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        read = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(read, EmailMessage)
        self.got.append(read)
        self.signed_in.append(session.authenticated)
        self.encrypted.append(session.ssl is not None)
        return "250 queued"


def _check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = (data.login, data.password) == (b"zhixun", b"a good password")
    return AuthResult(success=right, handled=False)


@dataclass(frozen=True)
class Running:
    office: Office
    server: MailServer


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """An encrypted office whose certificate this machine believes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    yield from _open(tls_context=context, authenticator=_check, auth_required=True)


@pytest.fixture
def in_the_clear() -> Iterator[Running]:
    yield from _open()


def _open(**given: Any) -> Iterator[Running]:
    office = Office()
    controller = Controller(office, hostname="127.0.0.1", port=0, enable_SMTPUTF8=True, **given)
    controller.port = _free_port()
    controller.start()
    sender = "知询 <hello@consult.example.com>"
    yield Running(
        office, MailServer("localhost", controller.port, sender, *(("zhixun", "a good password") if given else ()))
    )
    controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


@pytest.fixture(params=["console", "smtp"])
def mailer(request: pytest.FixtureRequest) -> Mailer:
    if request.param == "console":
        return ConsoleMailer()
    return SmtpMailer(request.getfixturevalue("running").server)


@pytest.mark.parametrize("mail", [PLAIN, WHOLE, replace(WHOLE, text="", subject="")], ids=["plain", "whole", "empty"])
def test_every_mailer_takes_every_mail_and_takes_it_twice(mailer, mail):
    mailer.send(mail)
    mailer.send(mail)


def test_the_demo_shows_the_link_in_a_mail_so_that_it_can_be_followed_and_nothing_else_does(capsys):
    mail = replace(PLAIN, text="请打开\nhttp://localhost:8000/confirm/abc")
    ConsoleMailer().send(mail)
    assert "confirm/abc" not in capsys.readouterr().out
    ConsoleMailer(shows_links=True).send(mail)
    shown = capsys.readouterr().out
    assert "    | http://localhost:8000/confirm/abc\n" in shown
    assert "请打开" not in shown


def test_what_arrives_is_what_was_written(running):
    SmtpMailer(running.server).send(WHOLE)
    [got] = running.office.got
    assert running.office.signed_in == running.office.encrypted == [True]
    assert (str(got["To"]), str(got["Subject"])) == ("ada@example.com", "咨询已确认：选 offer")
    assert str(got["From"]) == "知询 <hello@consult.example.com>"
    assert got["Message-ID"] == f"<{WHOLE.message_id}@consult.example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["List-Unsubscribe"] == "<https://consult.example.com/notices/stop/abc>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = got.get_body(["plain"]), got.get_body(["html"])
    assert text
    assert html
    assert text.get_content().replace("\r\n", "\n") == WHOLE.text
    assert "<b>Ada</b>" in html.get_content()
    calendar, receipt = got.iter_attachments()
    assert (calendar.get_filename(), receipt.get_filename()) == ("咨询.ics", "receipt.pdf")
    assert calendar.get_content_type() == "text/calendar"
    assert dict(calendar["Content-Type"].params)["method"] == "REQUEST"
    assert calendar.get_payload(decode=True) == CALENDAR
    assert receipt.get_payload(decode=True) == WHOLE.attachments[1].data


def test_a_plain_mail_has_no_more_parts_than_it_needs(running):
    SmtpMailer(running.server).send(PLAIN)
    [got] = running.office.got
    assert not got.is_multipart()
    assert got["List-Unsubscribe"] is None


def test_an_address_that_does_not_exist_is_said_for_good_and_a_full_one_is_not(running):
    mailer = SmtpMailer(running.server)
    with pytest.raises(Undeliverable):
        mailer.send(replace(PLAIN, to="gone@example.com"))
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        mailer.send(replace(PLAIN, to="busy@example.com"))
    assert running.office.got == []


def test_a_wrong_password_sends_nothing(running):
    with pytest.raises(smtplib.SMTPAuthenticationError):
        SmtpMailer(replace(running.server, password="a wrong one")).send(PLAIN)
    assert running.office.got == []


def test_a_server_that_is_not_who_it_says_gets_nothing(running, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ssl.SSLCertVerificationError):
        SmtpMailer(running.server).send(PLAIN)
    assert running.office.got == []


def test_nothing_goes_in_the_clear_unless_told_so(in_the_clear):
    with pytest.raises(smtplib.SMTPNotSupportedError):
        SmtpMailer(in_the_clear.server).send(PLAIN)
    assert in_the_clear.office.got == []
    SmtpMailer(replace(in_the_clear.server, tls="off")).send(PLAIN)
    assert in_the_clear.office.encrypted == [False]


def test_an_address_in_any_letters_is_written_to(in_the_clear):
    SmtpMailer(replace(in_the_clear.server, tls="off")).send(replace(PLAIN, to="小明@example.com"))
    assert str(in_the_clear.office.got[0]["To"]) == "小明@example.com"


def test_a_header_cannot_be_smuggled_in_by_a_subject(in_the_clear):
    with pytest.raises(ValueError, match="linefeed"):
        SmtpMailer(replace(in_the_clear.server, tls="off")).send(replace(PLAIN, subject="Hi\r\nBcc: eve@example.com"))
    assert in_the_clear.office.got == []


def test_the_password_is_never_shown(running):
    assert "a good password" not in repr(running.server)
