"""What goes over the wire, held against a real HTTP server, and where we refuse to go."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.make import NOW
from zhixun.adapters.webhook_sender import http
from zhixun.adapters.webhook_sender.http import HttpSender
from zhixun.features.webhooks import rules
from zhixun.features.webhooks.ports import Parcel
from zhixun.kernel.values import new_id

KEY = "for tests only"


class Listener(ThreadingHTTPServer):
    status = 204
    pause: threading.Event | None = None
    headers: dict[str, str]
    body: bytes
    asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?from=zhixun"


class Ear(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        ear = self.server
        assert isinstance(ear, Listener)
        ear.asked += 1
        ear.headers = {name.lower(): value for name, value in self.headers.items()} | {":path": self.path}
        ear.body = self.rfile.read(int(self.headers["content-length"]))
        if ear.pause:
            ear.pause.wait(30)
        self.send_response(ear.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def ear() -> Iterator[Listener]:
    server = Listener(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def parcel(url: str) -> Parcel:
    return Parcel(
        new_id(), url, new_id(), 1, json.dumps({"type": "ping", "data": {"name": "知询"}}, ensure_ascii=False), NOW
    )


def test_it_arrives_whole_and_its_signature_can_be_checked(ear: Listener) -> None:
    sender, sent = HttpSender(KEY, private_allowed=True), parcel(ear.url)
    assert sender.send(sent).status == 204
    assert ear.body.decode() == sent.body
    assert ear.headers[":path"] == "/hook?from=zhixun"
    assert ear.headers["host"] == f"127.0.0.1:{ear.server_port}"
    assert (ear.headers["webhook-id"], ear.headers["webhook-timestamp"]) == (
        sent.delivery_id,
        str(int(NOW.timestamp())),
    )
    secret = base64.b64decode(sender.secret(sent.endpoint_id, 1).removeprefix("whsec_"))
    expected = rules.signature(
        secret, delivery_id=sent.delivery_id, timestamp=int(NOW.timestamp()), body=ear.body.decode()
    )
    assert ear.headers["webhook-signature"] == expected


def test_every_address_version_and_house_has_its_own_secret() -> None:
    one, other = new_id(), new_id()
    house, neighbour = HttpSender(KEY), HttpSender("another house")
    secrets = [house.secret(one, 1), house.secret(one, 2), house.secret(other, 1), neighbour.secret(one, 1)]
    assert len(set(secrets)) == 4
    assert house.secret(one, 1) == HttpSender(KEY).secret(one, 1)


def test_a_redirect_is_an_answer_and_is_not_followed(ear: Listener) -> None:
    ear.status = 302
    assert HttpSender(KEY, private_allowed=True).send(parcel(ear.url)).status == 302
    assert ear.asked == 1


def test_a_private_address_is_not_spoken_to_whatever_its_name(ear: Listener) -> None:
    for host in ("127.0.0.1", "localhost"):
        said = HttpSender(KEY).send(parcel(f"http://{host}:{ear.server_port}/"))
        assert (said.status, said.problem) == (None, "the name leads into a private network")
    assert ear.asked == 0


def test_nobody_there_no_such_name_and_no_answer_in_time_are_said(
    ear: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = HttpSender(KEY, private_allowed=True)
    assert sender.send(parcel("http://127.0.0.1:9/")).status is None
    assert sender.send(parcel("http://no-such-host.invalid/")).problem
    monkeypatch.setattr(http, "WHOLE_SECONDS_MAX", 0.3)
    ear.pause = threading.Event()
    said = sender.send(parcel(ear.url))
    ear.pause.set()
    assert (said.status, said.problem) == (None, "no answer within 0.3 s")
