"""Whose words are readable, under which keys, and what a copy of the database tells."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import make, postgres
from tests.conftest import SERVER
from zhixun import migrations
from zhixun.adapters.key_ring.file import FileRing
from zhixun.adapters.key_ring.given import GivenRing, KeysUnreadable
from zhixun.features.messaging.models import Message
from zhixun.kernel import sealed, vault
from zhixun.kernel.database import sqlalchemy_url
from zhixun.kernel.ports import RingIsGiven
from zhixun.kernel.sealed import Letter, ReadLine, Sealed, SealedColumn, seal, unseal, unseal_many
from zhixun.kernel.tables import Session, Table
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

ADA, GRACE = Actor("ada"), Actor("grace")
SEALING = next(path.name[:4] for path in Path(migrations.__file__).parent.glob("versions/*_vault.py"))
BEFORE = f"{int(SEALING) - 1:04}"
WORDS = "My landlord 房东 keeps the deposit."


def kept(text: str = WORDS, *, row: str = "m1", person: str = "ada") -> Sealed:
    with Session.begin() as db:
        return seal(db, Message.text, row=row, person=person, text=text)


def opened(value: Sealed, *, row: str = "m1", person: str = "ada", reader: Actor | None = ADA) -> str:
    with Session() as db:
        return unseal(db, Message.text, row=row, person=person, sealed=value, reader=reader)


@pytest.mark.usefixtures("db_url")
def test_what_is_sealed_opens_for_its_place_and_person_only() -> None:
    value = kept()
    assert WORDS.encode() not in value
    assert opened(value) == WORDS
    kept(person="grace")
    for elsewhere in ({"row": "m2"}, {"person": "grace"}):
        with pytest.raises(vault.VaultBroken):
            opened(value, **elsewhere)
    with pytest.raises(vault.VaultBroken):
        opened(Sealed(value[:-1] + bytes([value[-1] ^ 1])))


@pytest.mark.usefixtures("db_url")
def test_the_same_words_never_look_the_same_and_no_words_stay_no_words() -> None:
    assert kept() != kept()
    assert kept("") == b""
    assert opened(kept("")) == ""


@pytest.mark.usefixtures("db_url")
def test_plain_text_does_not_get_into_a_sealed_column() -> None:
    column = SealedColumn()
    with pytest.raises(AssertionError):
        column.process_bind_param(Sealed(b"plain"), None)


@pytest.mark.usefixtures("db_url")
def test_many_are_opened_with_one_statement() -> None:
    letters = [Letter(f"m{n}", person, kept(f"{n}", row=f"m{n}", person=person)) for n, person in enumerate("abcdef")]
    vault._kept.clear()
    asked: list[str] = []
    with Session() as db:
        sa.event.listen(db.get_bind(), "before_cursor_execute", lambda *a: asked.append(a[2]))
        assert unseal_many(db, Message.text, letters, reader=None) == list("012345")
    assert len(asked) == 1


@pytest.mark.usefixtures("db_url")
def test_an_erased_person_cannot_be_read_and_nothing_more_be_kept_of_them() -> None:
    value = kept()
    with unit_of_work() as uow:
        vault.destroy_key(uow.db, "ada", uow.now)
    with unit_of_work() as uow:
        vault.destroy_key(uow.db, "ada", uow.now + timedelta(days=1))
    assert opened(value) == ""
    with pytest.raises(vault.PersonErased):
        kept()
    with Session() as db:
        assert db.get(vault.PersonKey, "ada").wrapped is None
        assert vault.state(db).destroyed == 1


@pytest.mark.usefixtures("db_url")
def test_a_key_that_was_rolled_back_is_not_used_again() -> None:
    with Session() as db:
        seal(db, Message.text, row="m0", person="ada", text="lost")
        seal(db, Message.text, row="m0", person="ada", text="lost")
        db.rollback()
    value = kept()
    vault._kept.clear()
    assert opened(value) == WORDS


@pytest.mark.usefixtures("db_url")
def test_who_reads_another_leaves_one_line_a_day_and_the_person_and_the_house_none() -> None:
    value = kept()
    for reader in (GRACE, GRACE, ADA, Actor("system", frozenset({"system"})), None):
        opened(value, reader=reader)
    with Session() as db:
        lines = [(one.subject_id, one.reader_id, one.field, one.row_id) for one in db.scalars(sa.select(ReadLine))]
    assert lines == [("ada", "grace", "messaging_messages.text", "m1")]


@pytest.mark.usefixtures("db_url")
def test_a_new_master_key_wraps_all_and_the_words_stay(tmp_path: Path) -> None:
    ring = FileRing(tmp_path / "keys")
    vault.unlock(ring)
    value = kept()
    ring.add()
    with unit_of_work() as uow:
        assert vault.rewrap(uow.db) == 1
        assert vault.rewrap(uow.db) == 0
        assert vault.state(uow.db).by_master == {"k2": 1}
    old, new = (tmp_path / "keys").read_text().split()
    vault.unlock(GivenRing(new))
    assert opened(value) == WORDS
    vault.unlock(GivenRing(old))
    with Session() as db:
        assert vault.state(db).missing == ("k2",)
    with pytest.raises(vault.VaultBroken, match="k2"):
        opened(value)


def test_the_ring_is_for_its_owner_only_and_followed_while_running(tmp_path: Path) -> None:
    here, there = FileRing(tmp_path / "keys"), FileRing(tmp_path / "keys")
    first = here.keys()
    assert there.keys() == first
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    added = there.add()
    assert here.keys() == (*first, added)
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]
    assert added.secret.hex() not in repr(added)


@pytest.mark.parametrize("text", ["", "k1", "k1:short", "k1:" + "!" * 44, ":" + "A" * 44])
def test_a_ring_that_makes_no_sense_is_refused_without_telling_it(text: str) -> None:
    with pytest.raises(KeysUnreadable) as refused:
        GivenRing(text)
    assert not text or text.partition(":")[2] not in str(refused.value) or not text.partition(":")[2]


def test_keys_that_are_given_are_added_to_by_hand() -> None:
    one = f"k1:{base64.b64encode(bytes(32)).decode()}"
    with pytest.raises(KeysUnreadable):
        GivenRing(f"{one},{one}")
    with pytest.raises(RingIsGiven):
        GivenRing(one).add()


def test_every_sealed_column_says_for_whom() -> None:
    for table in Table.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, SealedColumn):
                assert column.info["sealed_for"] in table.columns, column


@pytest.mark.usefixtures("db_url")
def test_the_migration_seals_what_is_there_and_opens_it_on_the_way_back() -> None:
    url = postgres.create(os.environ[SERVER], "vault_migration")
    try:
        migrations.upgrade(url, BEFORE)
        engine = sa.create_engine(sqlalchemy_url(url), poolclass=sa.NullPool)
        with engine.begin() as db:
            db.execute(sa.text(OLD_ROWS))
        before = _plain(engine)
        migrations.upgrade(url, SEALING)
        with engine.connect() as db:
            row = db.execute(sa.text("SELECT email, email_index FROM accounts_users")).one()
            assert b"ada@" not in bytes(row.email)
            assert row.email_index == vault.blind(db, "email", "ada@example.com")
            text = db.execute(sa.text("SELECT text FROM messaging_messages")).scalar_one()
            assert sealed.unseal_in(
                db, "messaging_messages.text", row="m1", person="ada", sealed=Sealed(bytes(text))
            ) == "Hello 你好"  # fmt: skip
            words = dict(db.execute(sa.text("SELECT words, private_words FROM quality_feedback")).all())
            assert words.keys() == {"", "public"}
            assert words[""] != b""
        migrations.downgrade(url, BEFORE)
        assert _plain(engine) == before
    finally:
        engine.dispose()
        postgres.drop(os.environ[SERVER], "vault_migration")


OLD_ROWS = """
INSERT INTO accounts_users VALUES ('ada', 'ada@example.com', 'Ada', 'x', '{client}', 'Asia/Shanghai', 'zh', now());
INSERT INTO messaging_conversations VALUES ('c', 'ada', 'grace', 1, now(), 0, 0);
INSERT INTO messaging_messages (id, conversation_id, seq, key, sender_id, text, at)
  VALUES ('m1', 'c', 1, 'k', 'ada', 'Hello 你好', now());
INSERT INTO quality_feedback SELECT id, id, 'ada', 'grace', 5, 5, 5, 5, 5, 9, 'yes', words, public, '{}', now()
  FROM (VALUES ('f1', 'public', true), ('f2', 'secret', false)) f (id, words, public);
"""


def _plain(engine: sa.Engine) -> list[object]:
    asked = (
        "SELECT email FROM accounts_users", "SELECT text FROM messaging_messages",
        "SELECT words FROM quality_feedback ORDER BY id",
    )  # fmt: skip
    with engine.connect() as db:
        return [list(db.scalars(sa.text(one))) for one in asked]


@pytest.mark.usefixtures("db_url")
def test_a_house_of_bookings_and_talk_shows_no_words_in_its_tables() -> None:
    marker = "MARKER-7f3"
    now = make.NOW
    with unit_of_work(now=now) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        start = make.slot(uow, grace)
        make.paid_booking(uow, client=ada, consultant=grace, start=start, brief=marker)
    with Session() as db:
        for table in Table.metadata.sorted_tables:
            assert not db.scalar(sa.text(f"SELECT count(*) FROM {table.name} t WHERE t::text LIKE '%{marker}%'")), table
            found = db.scalar(sa.text(f"SELECT count(*) FROM {table.name} t WHERE t::text LIKE '%ada@example%'"))
            assert not found, table
