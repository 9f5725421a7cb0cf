"""A backup opens for its owner only, holds the whole house, and is proven by bringing it back."""

from __future__ import annotations

import argparse
import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests import make
from tests.conftest import SERVER
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.adapters.backups.age import AgeBackups
from zhixun.adapters.key_ring.given import GivenRing
from zhixun.features.accounts import queries as accounts
from zhixun.features.admin import queries
from zhixun.features.admin.commands import COMMANDS
from zhixun.features.admin.ports import BackupRefused, Backups
from zhixun.features.privacy import actions as privacy
from zhixun.kernel import vault
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

RUN = {command.verb: command.run for command in COMMANDS if command.noun == "backup"}
ASKED = argparse.Namespace(json=True, name="", yes=True)


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A house with a session, its own master keys nowhere near its backups."""
    app = house(db_url, tmp_path)
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        make.paid_booking(uow, client=ada, consultant=grace, brief="MARKER-brief")
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "one").write_text("a file")
    (tmp_path / "keys").write_text("the master keys")
    return app


def test_a_backup_is_encrypted_counted_and_proven_by_bringing_it_back(app: Flask, tmp_path: Path) -> None:
    assert RUN["create"](ASKED) == 0
    made = service(Backups).known()[0]
    body = (tmp_path / "backups" / f"{made.name}.tar.age").read_bytes()
    assert body.startswith(b"age-encryption.org")
    assert (b"MARKER" in body, b"PGDMP" in body) == (False, False)
    assert made.counts["booking_bookings"] == 1
    assert RUN["verify"](ASKED) == 0
    proven = service(Backups).known()[0]
    assert (proven.verified_at is not None, proven.problems) == (True, ())
    with psycopg.connect(os.environ[SERVER]) as db:
        left = db.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'zhixun_rehearsal%'").fetchone()
    assert left == (0,)


def test_what_does_not_hold_in_a_copy_is_named(app: Flask, db_url: str) -> None:
    made = service(Backups).create(utc_now())
    assert queries.problems_of_copy(db_url, made.counts) == ()
    wrong = queries.problems_of_copy(db_url, made.counts | {"booking_bookings": 7})
    assert wrong == ("booking_bookings has 1 rows, not 7",)


def test_restoring_brings_back_what_was_and_erases_again_who_was_erased(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with unit_of_work() as uow:
        eve, bob = make.client(uow, "Eve"), make.client(uow, "Bob")
    service(Backups).create(utc_now())
    with unit_of_work(eve) as uow:
        privacy.erase_person(uow, person_id=eve.user_id)
    service(Backups).note_erased(eve.user_id)
    with Session.begin() as db:
        db.execute(sa.text("DELETE FROM accounts_users WHERE id = :id"), {"id": bob.user_id})
    (tmp_path / "blobs" / "one").unlink()
    refused = RUN["restore"](argparse.Namespace(json=True, name="", yes=False))
    assert (refused, json.loads(capsys.readouterr().out)["code"]) == (2, "backup_refused")
    assert RUN["restore"](ASKED) == 0
    with Session() as db:
        assert set(accounts.people(db, [eve.user_id, bob.user_id])) == {bob.user_id}
    assert (tmp_path / "blobs" / "one").read_text() == "a file"
    assert (tmp_path / "keys").read_text() == "the master keys"


def test_a_house_with_other_master_keys_is_told_that_it_can_read_nothing(
    app: Flask, db_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = service(Backups).create(utc_now())
    asked = argparse.Namespace(json=False, name="", yes=True)
    assert RUN["restore"](asked) == 0
    assert "It is back. Start the site" in capsys.readouterr().out
    vault.unlock(GivenRing(f"k1:{base64.b64encode(b'of another house'.ljust(32)).decode()}"))
    assert queries.problems_of_copy(db_url, made.counts)[-1] == "the master key k1 does not open it"
    assert RUN["restore"](asked) == 2
    assert "the master key k1 here is not the one" in capsys.readouterr().err


def test_a_damaged_backup_or_one_for_another_is_refused(app: Flask, tmp_path: Path) -> None:
    made = service(Backups).create(utc_now())
    path = tmp_path / "backups" / f"{made.name}.tar.age"
    body = bytearray(path.read_bytes())
    body[-10] ^= 1
    path.write_bytes(body)
    with pytest.raises(BackupRefused, match="does not open"), service(Backups).rehearsed(made.name):
        pass
    (tmp_path / "backup-identity").unlink()
    with pytest.raises(BackupRefused, match="takes its identity"), service(Backups).rehearsed(made.name):
        pass
    with pytest.raises(BackupRefused, match="no backup called"), service(Backups).rehearsed("../../etc/passwd"):
        pass


def test_the_oldest_go_but_never_the_newest_that_was_proven(db_url: str, tmp_path: Path) -> None:
    backups = AgeBackups(tmp_path, db_url, None)
    now = utc_now()
    names = [backups.create(now.replace(minute=minute)).name for minute in range(4)]
    backups.note_verified(names[0], now, ())
    assert backups.forget_old(2) == [names[1]]
    assert [one.name for one in backups.known()] == [names[3], names[2], names[0]]


def test_the_desk_shows_backups_to_who_runs_the_house(app: Flask) -> None:
    with unit_of_work() as uow:
        olga, sam = make.operator(uow), make.operator(uow, "Sam", role="support")
    assert "No backup yet" in words(Visitor(app, olga, english=True).get("/ops/backups"))
    service(Backups).create(utc_now())
    page = Visitor(app, olga, english=True).get("/ops/backups")
    assert "not yet" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    assert Visitor(app, sam).get("/ops/backups").status_code == 403
