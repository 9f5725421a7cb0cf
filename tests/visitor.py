"""Someone with a browser: the whole app behind a test client, forms with their token, and how much SQL a page took."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from pathlib import Path

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from tests.conftest import KEYS
from zhixun.app import build_web, connect
from zhixun.features.accounts import actions as accounts
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor
from zhixun.settings import Settings
from zhixun.web.security import COOKIE

STATEMENTS_MAX = 12
"""How much SQL a page of the journey may take."""


def house(db_url: str, folder: Path, *, mongodb: str = "", own: bool = False) -> Flask:
    """The app over a test's own database; with the interaction log in MongoDB where its address is given.

    Only what is connected is new: three hundred addresses and the templates are compiled once for all tests of a process,
    which was a third of their work. A test that gives the app addresses of its own asks for one of its `own`.
    """
    settings = _settings(folder, mongodb)
    connect(settings, db_url)
    if own:
        return build_web(settings)
    app, config = _built()
    app.config.clear()
    app.config.update(config)
    return app


def _settings(folder: Path, mongodb: str = "") -> Settings:
    return Settings(
        keys=KEYS, data_dir=folder, secret_key="for tests only", rate_limits=False, demo=True,
        interaction_log="mongodb" if mongodb else "sql", mongodb_url=mongodb,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _built() -> tuple[Flask, dict[str, object]]:
    """The app and its settings as they are at first: some tests change them."""
    app = build_web(_settings(Path("nowhere")))
    return app, dict(app.config)


class Visitor:
    """A browser without a script. `who` is signed in; None is nobody."""

    def __init__(self, app: Flask, who: Actor | None = None, *, english: bool = False) -> None:
        self._http = app.test_client()
        self._prefix = "/en" if english else ""
        self._token = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps("0" * 40)
        if who is not None:
            with unit_of_work() as uow:
                signed_in = accounts.sign_in(uow, user_id=who.user_id)
            self._http.set_cookie(COOKIE, signed_in.token)

    def get(self, path: str) -> TestResponse:
        return self._http.get(self._prefix + path)

    def post(self, path: str, **form: object) -> TestResponse:
        """Send a form of ours, token included."""
        with self._http.session_transaction() as session:
            session["csrf_token"] = "0" * 40
        return self._http.post(self._prefix + path, data={"csrf_token": self._token, **form})

    def follow(self, answer: TestResponse) -> TestResponse:
        """Go where a redirect points, once."""
        assert answer.status_code in (302, 303), answer.status
        return self._http.get(answer.headers["Location"])


def words(answer: TestResponse) -> str:
    """What a person reads: the page's text without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def statements(answer: TestResponse) -> int:
    """How many SQL statements the page took."""
    found = re.search(r'desc="(\d+) statements"', answer.headers["Server-Timing"])
    assert found
    return int(found[1])
