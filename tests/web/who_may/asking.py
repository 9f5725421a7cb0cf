"""Asking the house one thing as one person, and weighing what that changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.web.who_may.belongings import PDF
from tests.web.who_may.people import People
from zhixun.features.accounts import actions as accounts
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.web.security import COOKIE

Changes = Mapping[str, tuple[Counter[str], Counter[str]]]
"""Table → (rows that are gone, rows that are new); a row that changed is both."""
READS, WRITES = ("GET",), ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Address:
    """One address of the house with everything in it filled in; `name` as the house and `addresses.txt` write it."""

    name: str
    method: str
    path: str


def addresses(app: Flask, ids: Mapping[str, str]) -> list[Address]:
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {*READS, *WRITES}):
            found.append(Address(rule.rule, method, _filled(rule, ids)))
    return sorted(found, key=lambda one: (one.name, one.method))


def _filled(rule: Rule, ids: Mapping[str, str]) -> str:
    """Where an address needs a thing in a certain state, `ids` has it under "<address> <name>"."""
    path = rule.rule
    for name in rule.arguments:
        filling = ids.get(f"{rule.rule} {name}") or ids[name]
        path = re.sub(rf"<(?:[^<>]*:)?{name}>", filling, path)
    return path


class Asker:
    """People whose browsers forget at once whatever they are told, so that no question changes the next one."""

    def __init__(self, app: Flask, people: People, forms: Mapping[str, Any]) -> None:
        self._http, self._forms = app.test_client(use_cookies=False), forms
        self._token = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps("0" * 40)
        signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        held = f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps({'csrf_token': '0' * 40})}"
        self._cookies = dict.fromkeys(people.actors, held)
        for kind, who in people.actors.items():
            if who is not None:
                with unit_of_work() as uow:
                    self._cookies[kind] += f"; {COOKIE}={accounts.sign_in(uow, user_id=who.user_id).token}"

    def ask(self, kind: str, address: Address) -> TestResponse:
        headers = {"Cookie": self._cookies[kind], "Sec-Fetch-Site": "same-origin"}
        if address.method in READS:
            return self._http.open(address.path, method=address.method, headers=headers)
        sent = self._forms.get(address.name, {} if address.name.startswith("/api/") else self._forms[""])
        if "files" in sent:
            sent = {**sent, "files": (BytesIO(PDF), "lease.pdf")}
        elif address.name.startswith("/api/"):
            return self._http.open(address.path, method=address.method, headers=headers, json=sent)
        form = {"csrf_token": self._token, **sent}
        return self._http.open(address.path, method=address.method, headers=headers, data=form)


def closed(kind: str, answer: TestResponse) -> bool:
    """Whether the door stayed shut: not found, not allowed, or please sign in. Who has signed in and is asked for a
    password once more stands inside."""
    if answer.status_code in (301, 302, 303):
        return re.search(r"/sign-in(\?|$)", answer.headers["Location"]) is not None
    return answer.status_code in (403, 404) or (answer.status_code == 401 and kind == "nobody")


@contextmanager
def taken_back(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Whatever anyone writes meanwhile is taken back at the end."""
    with engine.connect() as connection:
        everything = connection.begin()
        Session.configure(bind=connection, join_transaction_mode="create_savepoint")
        try:
            yield connection
        finally:
            Session.configure(bind=engine, join_transaction_mode="conditional_savepoint")
            everything.rollback()


def wrote(connection: sa.Connection) -> bool:
    """Whether anything was written or locked since the beginning. It costs nothing to ask."""
    return bool(connection.scalar(sa.text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")))


class Scales:
    """What was there before, row by row, and what is gone or new afterwards."""

    def __init__(self, connection: sa.Connection) -> None:
        tables = sa.inspect(connection).get_table_names()
        one = "SELECT '{0}', coalesce(sum(hashtextextended(t::text, 0)), 0) FROM \"{0}\" t"
        self._sums = sa.text(" UNION ALL ".join(one.format(table) for table in tables))
        self._before = dict(connection.execute(self._sums).all())
        self._rows = {table: self._read(connection, table) for table in tables}

    def changed(self, connection: sa.Connection) -> Changes:
        after = dict(connection.execute(self._sums).all())
        found = {}
        for table in (one for one, total in after.items() if total != self._before[one]):
            rows = self._read(connection, table)
            found[table] = self._rows[table] - rows, rows - self._rows[table]
        return found

    def _read(self, connection: sa.Connection, table: str) -> Counter[str]:
        return Counter(connection.scalars(sa.text(f'SELECT t::text FROM "{table}" t')))
