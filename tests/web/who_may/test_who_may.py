"""Every address of the house asked by every kind of person: who may not, gets nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, templating

from tests import make
from tests.conftest import KEYS
from tests.visitor import house
from tests.web.who_may.asking import READS, Address, Asker, Changes, Scales, addresses, closed, taken_back, wrote
from tests.web.who_may.belongings import belongings
from tests.web.who_may.people import STRANGERS, People, people
from tests.web.who_may.said import forms
from zhixun import asgi
from zhixun.app import subscribe_all
from zhixun.kernel import outbox
from zhixun.kernel.errors import DomainError, Forbidden, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.values import Actor
from zhixun.settings import Settings
from zhixun.web.live import switchboard

LINES = (Path(__file__).parent / "addresses.txt").read_text().splitlines()


@dataclass
class Place:
    """The house with somebody's things in it, and everybody at its doors."""

    app: Flask
    people: People
    ids: dict[str, str]
    asker: Asker
    engine: sa.Engine


@pytest.fixture
def place(db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(templating, "_render", lambda *_: "")  # who may is decided before a page is drawn
    with time_machine.travel(make.NOW, tick=False):
        app, found = house(db_url, tmp_path), people()
        app.testing = False
        outbox.forget_all()  # nobody delivers here, and facts that wait make the house unready
        ids = belongings(found, str(app.secret_key))
        subscribe_all()
        yield Place(app, found, ids, Asker(app, found, forms(ids)), Session.kw["bind"])


def may() -> dict[str, tuple[str, str]]:
    """Address → who may read it, who may write to it, in the words of `addresses.txt`."""
    lines = (line.split() for line in LINES if line.strip() and not line.startswith("#"))
    return {name: (reads, writes) for name, reads, writes in lines}


def allowed(people: People, words: str) -> frozenset[str]:
    return frozenset[str]().union(*(people.named(word) for word in words.removeprefix("~").split("+")))


def asked_by(people: People, address: Address, words: str) -> list[str]:
    """Everyone who may not, and of those who may enough to tell: pages that are for all are the same for all."""
    inside = allowed(people, words)
    enough = {"everyone": {"nobody", "client", "boss"}, "signed_in": {"client", "other_client", "boss"}}
    wanted = enough.get(words.removeprefix("~"), inside)
    if address.method not in READS:
        wanted = wanted | (inside & set(STRANGERS))
    return [kind for kind in people.actors if kind not in inside or kind in wanted]


def test_every_address_is_written_down_and_none_that_is_gone(place: Place, db_url: str, tmp_path: Path) -> None:
    there = {one.name for one in addresses(place.app, place.ids)} | {f"live:{kind}" for kind in switchboard.functions}
    assert set(may()) == there
    for one in addresses(place.app, place.ids):
        assert may()[one.name][one.method not in READS] != ".", f"{one.method} {one.name}: say who may"
    settings = Settings(keys=KEYS, data_dir=tmp_path, secret_key="for tests only", demo=True)
    routes = asgi.build(settings, db_url).routes
    assert [getattr(one, "path", None) for one in routes] == ["/live", ""], "all others are the pages above"


@pytest.mark.timeout(900)
def test_who_may_not_gets_nothing_and_changes_nothing(place: Place) -> None:
    with place.engine.connect() as connection:
        scales = Scales(connection)
    wrong = []
    for address in (one for one in addresses(place.app, place.ids) if one.name in may()):
        words = may()[address.name][address.method not in READS]
        inside = allowed(place.people, words)
        for kind in asked_by(place.people, address, words):
            with taken_back(place.engine) as connection:
                answer = place.asker.ask(kind, address)
                found = f"{address.method} {address.name} by {kind}: {answer.status_code}"
                if answer.status_code >= 500:
                    wrong.append(f"{found}, our fault")
                elif closed(kind, answer) == (kind in inside) and not words.startswith("~"):
                    wrong.append(f"{found}, though {words} may")
                if "<token>" not in address.name and wrote(connection):
                    changed = scales.changed(connection)
                    wrong += [f"{found}, changed {table}" for table in _harmed(place.people, kind, inside, changed)]
    assert wrong == []


def _harmed(people: People, kind: str, inside: frozenset[str], changed: Changes) -> list[str]:
    """The tables in which something was done that this person may not: anything at all where they may not come in, and to
    strangers, wherever they may, whatever is not their own. Who has power over others uses it inside."""
    if kind not in inside:
        return sorted(changed)
    if kind not in STRANGERS:
        return []
    who = people.actors[kind]
    own = who.user_id if who else "nobody's"
    return sorted(table for table, (gone, _) in changed.items() if any(own not in row for row in gone))


def test_whom_a_conversation_or_a_session_is_none_of_says_nothing_live(place: Place) -> None:
    frames = {"conversation": place.ids["conversation_id"], "booking": place.ids["booking_id"]}
    said = {**frames, "after": 0, "seq": 1, "client_id": "x", "text": "Hello", "data": {}}
    wrong = []
    for name, (reads, writes) in may().items():
        if not name.startswith("live:"):
            continue
        inside = allowed(place.people, reads if reads != "." else writes)
        for kind, who in place.people.actors.items():
            with taken_back(place.engine):
                if who and _refused(name.removeprefix("live:"), who, said) == (kind in inside):
                    wrong.append(f"{name} by {kind}")
    assert wrong == []


def _refused(frame: str, who: Actor, said: dict[str, object]) -> bool:
    try:
        switchboard.functions[frame](who, {"type": frame, **said})
    except (NotFound, Forbidden):
        return True
    except DomainError:
        return False
    return False
