"""Nobody keeps the others out: not by questions that are answered slowly, not by bodies that come slowly."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from flask import Flask, send_file
from flask.testing import FlaskClient
from starlette.applications import Starlette

from tests import make
from tests.conftest import KEYS
from tests.visitor import house
from zhixun import asgi
from zhixun.app import create_app
from zhixun.features.assistant import actions as assistant
from zhixun.features.assistant import handlers
from zhixun.features.assistant.queries import house_articles
from zhixun.features.assistant.rules import ANSWERS_AT_ONCE, ANSWERS_TOGETHER
from zhixun.features.catalog import actions as catalog
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.settings import Settings
from zhixun.web import bodies

QUESTION = {"question": "Do I get my money back when I cancel?"}
STREAM = {"Accept": "text/event-stream", "Accept-Language": "en"}


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    made.config["RATE_LIMITS"] = True
    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
        assistant.put_house_articles(uow, articles=house_articles())
    handlers.bring_up_to_date()
    return made


def asked(http: FlaskClient, address: str) -> Any:
    """The beginning of an answer; what follows is written as it is read."""
    where = {"REMOTE_ADDR": address}
    return http.post("/api/v1/assistant/answers", json=QUESTION, headers=STREAM, environ_overrides=where)


def test_answers_that_are_written_slowly_are_few_for_one_asker_and_in_all(app: Flask) -> None:
    http = app.test_client()
    with ExitStack() as open_:
        for number in range(ANSWERS_TOGETHER // ANSWERS_AT_ONCE):
            for _ in range(ANSWERS_AT_ONCE):
                answer = asked(http, f"10.0.0.{number}")
                assert answer.status_code == 200
                open_.callback(answer.close)
            more = asked(http, f"10.0.0.{number}")
            assert (more.status_code, more.json["code"]) == (429, "still_answering")
            assert int(more.headers["Retry-After"]) > 0
        other = asked(http, "10.0.0.99")
        assert (other.status_code, other.json["code"]) == (429, "all_answering")
        assert other.json["message"] == "Many people ask for this just now. Please try again in a few seconds."
    answer = asked(http, "10.0.0.1")
    assert answer.status_code == 200, "those that ended count no more"
    answer.close()


def test_who_has_not_signed_in_sends_no_files(app: Flask) -> None:
    for path in (f"/messages/{'0' * 32}", f"/api/v1/conversations/{'0' * 32}/files"):
        sent = {
            "wsgi.input": _Never(),
            "CONTENT_LENGTH": "5000000",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
        }
        answer = app.test_client().post(path, environ_overrides=sent)
        assert answer.status_code in (303, 401)


class _Never:
    """A body that nobody may wait for."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def test_bodies_that_never_end_keep_no_page_waiting(
    db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS_MAX", 2)
    settings = Settings(keys=KEYS, data_dir=tmp_path, secret_key="for tests only", demo=True, workers=2)
    begun = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nemail="
    with served(asgi.build(settings, db_url)) as place, ExitStack() as open_:
        host, _, port = place.partition(":")
        lines = [open_.enter_context(socket.create_connection((host, int(port)))) for _ in range(3 * asgi.PAGE_THREADS)]
        for line in lines:
            line.sendall(begun)
        time.sleep(0.2)
        assert httpx2.get(f"http://{place}/healthz", timeout=1.5, trust_env=False).status_code == 200
        lines[0].settimeout(10)
        assert lines[0].recv(100).startswith(b"HTTP/1.1 408")


LARGE = bytes(range(256)) * 80_000


@pytest.fixture
def with_a_file(db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """The house, and a file of 20 MB in it."""
    settings = Settings(keys=KEYS, data_dir=tmp_path, secret_key="for tests only", demo=True, workers=2)
    made = create_app(settings, db_url)
    made.add_url_rule("/large", view_func=lambda: send_file(BytesIO(LARGE), "application/pdf"))
    monkeypatch.setattr(asgi, "create_app", lambda *_: made)
    return asgi.build(settings, db_url)


def slow_reader(place: str) -> socket.socket:
    """Someone who asks for the file and reads nothing."""
    host, _, port = place.partition(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.settimeout(20)
    line.connect((host, int(port)))
    line.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return line


def test_readers_who_do_not_read_keep_no_page_waiting(with_a_file: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGE_READ_AT_ONCE", 2 * asgi.PAGE_THREADS)
    with served(with_a_file) as place, ExitStack() as open_:
        lines = [open_.enter_context(slow_reader(place)) for _ in range(2 * asgi.PAGE_THREADS)]
        for line in lines:
            assert line.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        assert httpx2.get(f"http://{place}/legal/terms", timeout=10, trust_env=False).status_code == 200
        assert time.monotonic() - began < 3


def test_large_answers_on_their_way_to_one_address_are_few(with_a_file: Starlette) -> None:
    with served(with_a_file) as place:
        with ExitStack() as open_:
            lines = [open_.enter_context(slow_reader(place)) for _ in range(bodies.LARGE_READ_AT_ONCE)]
            assert {line.recv(12) for line in lines} == {b"HTTP/1.1 200"}
            more = httpx2.get(f"http://{place}/large", trust_env=False)
            assert (more.status_code, more.headers["Retry-After"]) == (503, "10")
            assert httpx2.get(f"http://{place}/legal/terms", trust_env=False).status_code == 200, "pages are no files"
        until = time.monotonic() + 10
        while (again := httpx2.get(f"http://{place}/large", trust_env=False)).status_code == 503:
            assert time.monotonic() < until
        assert again.content == LARGE, "once those have gone, and whole"
    assert not bodies._Reader._large


def test_whoever_stops_reading_is_hung_up_on(with_a_file: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "READ_SECONDS_MAX", 0.5)
    with served(with_a_file) as place, slow_reader(place) as line:
        until = time.monotonic() + 10
        assert line.recv(12) == b"HTTP/1.1 200"
        while bodies._Reader._large:
            assert time.monotonic() < until
            time.sleep(0.05)
        read = 12
        while piece := line.recv(1_000_000):
            read += len(piece)
        assert read < len(LARGE)


def test_a_body_that_comes_in_pieces_arrives_whole(db_url: str, tmp_path: Path) -> None:
    settings = Settings(keys=KEYS, data_dir=tmp_path, secret_key="for tests only", demo=True, workers=2)
    with unit_of_work() as uow:
        make.client(uow)
    said = b'{"email": "ada@example.com", "password": "' + make.PASSWORD.encode() + b'"}'
    with served(asgi.build(settings, db_url)) as place:
        pieces = (bytes([one]) for one in said)
        answer = httpx2.post(
            f"http://{place}/api/v1/tokens",
            content=pieces,
            headers={"Content-Type": "application/json"},
            trust_env=False,
        )
    assert answer.status_code == 201, answer.text
