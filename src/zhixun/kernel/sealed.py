"""Sealed columns: text that only this house can read, under the key of the person it belongs to.

A sealed value is AES-256-GCM, bound to its table, column, row and person: moved elsewhere it does not open. The empty text
stays empty, so that a list can tell whether there is something without opening it.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, Index, LargeBinary, TypeDecorator
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, MappedColumn, mapped_column
from sqlalchemy.orm import Session as SqlSession

from . import vault
from .tables import Session, Table
from .values import Actor, new_id, utc_now

Sealed = NewType("Sealed", bytes)
NOTHING = Sealed(b"")
FORMAT = b"\x01"
LINES_KEPT_MAX = 8_192


class SealedColumn(TypeDecorator[Sealed]):
    """Refuses what was not sealed, so that a forgotten `seal` is found by the first test."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> bytes | None:
        assert not value or value[:1] == FORMAT, "only sealed values go into a sealed column"
        return value

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))


def sealed_for(owner: str, *, row: str = "") -> MappedColumn[Sealed]:
    """A column sealed for the person named by the column `owner` of the same row. Values are bound to the row by its key,
    or by the column `row` where that is said."""
    return mapped_column(SealedColumn, info={"sealed_for": owner, "row": row})


@dataclass(frozen=True)
class Letter:
    """A sealed value with what it is bound to."""

    row: str
    person: str
    sealed: Sealed


def seal(db: vault.Database, column: InstrumentedAttribute[Sealed], *, row: str, person: str, text: str) -> Sealed:
    """Seal `text` of `person` for this column of this row. Raises PersonErased."""
    return seal_in(db, _named(column), row=row, person=person, text=text)


def unseal(
    db: SqlSession,
    column: InstrumentedAttribute[Sealed],
    *,
    row: str,
    person: str,
    sealed: Sealed,
    reader: Actor | None,
) -> str:
    """The text; empty where the person has been erased. See `unseal_many` about `reader`."""
    return unseal_many(db, column, [Letter(row, person, sealed)], reader=reader)[0]


def unseal_many(
    db: SqlSession, column: InstrumentedAttribute[Sealed], letters: Sequence[Letter], *, reader: Actor | None
) -> list[str]:
    """The texts, in order, with one statement for the keys of all.

    A `reader` other than the person or the system leaves a line in the access log that the person can see. None is for
    words that were written to whoever reads them now (a message), which need no line.
    """
    keys = vault.keys_of(db, {letter.person for letter in letters if letter.sealed})
    name = _named(column)
    texts = [opened(keys.get(letter.person), name, letter) for letter in letters]
    if reader is not None and not reader.is_a("system"):
        read = [letter for letter, text in zip(letters, texts, strict=True) if text and letter.person != reader.user_id]
        _note(name, read, reader)
    return texts


def seal_in(db: vault.Database, name: str, *, row: str, person: str, text: str) -> Sealed:
    """`seal` for migrations, which know columns by name ("table.column") only."""
    if not text:
        return NOTHING
    nonce = secrets.token_bytes(vault.NONCE_BYTES)
    cipher = AESGCM(vault.key_to_seal_with(db, person))
    return Sealed(FORMAT + nonce + cipher.encrypt(nonce, text.encode(), _bound(name, row, person)))


def unseal_in(db: vault.Database, name: str, *, row: str, person: str, sealed: Sealed) -> str:
    """`unseal` for migrations; reading is not logged."""
    return opened(vault.keys_of(db, [person]).get(person), name, Letter(row, person, sealed))


class ReadLine(Table):
    """Somebody read something sealed of somebody else. One line per reader, field, row and day."""

    __tablename__ = "vault_reads"
    __table_args__ = (
        Index("vault_reads_once", "subject_id", "reader_id", "field", "row_id", "day", unique=True),
        Index("vault_reads_subject", "subject_id", "at"),
    )
    personal_data = "erase"
    kept_for = ("at", 730)

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str]
    reader_id: Mapped[str]
    field: Mapped[str]
    """ "table.column"; what it is called is said where it is shown."""
    row_id: Mapped[str]
    day: Mapped[date]
    at: Mapped[datetime]


_noted: OrderedDict[tuple[str, ...], None] = OrderedDict()
_noted_lock = threading.Lock()


def _note(field: str, letters: Sequence[Letter], reader: Actor) -> None:
    """Written at once, in a transaction of its own: the reading has happened, whatever becomes of the caller's."""
    now = utc_now()
    lines = {(one.person, reader.user_id, field, one.row, now.date().isoformat()): one for one in letters}
    with _noted_lock:
        new = [line for known, line in lines.items() if known not in _noted]
    if not new:
        return
    rows = [
        {
            "id": new_id(), "subject_id": one.person, "reader_id": reader.user_id, "field": field, "row_id": one.row,
            "day": now.date(), "at": now,
        }
        for one in new
    ]  # fmt: skip
    with Session.begin() as own:
        own.execute(insert(ReadLine).values(rows).on_conflict_do_nothing())
    with _noted_lock:
        _noted.update(dict.fromkeys(lines))
        while len(_noted) > LINES_KEPT_MAX:
            _noted.popitem(last=False)


def seal_blob(db: vault.Database, *, blob_id: str, person: str, data: bytes) -> bytes:
    """Seal what goes into the BlobStore under this id. Raises PersonErased."""
    nonce = secrets.token_bytes(vault.NONCE_BYTES)
    cipher = AESGCM(vault.key_to_seal_with(db, person))
    return FORMAT + nonce + cipher.encrypt(nonce, data, _bound("blob", blob_id, person))


def unseal_blob(db: vault.Database, *, blob_id: str, person: str, data: bytes) -> bytes | None:
    """What was sealed; None where the person has been erased."""
    key = vault.keys_of(db, [person]).get(person)
    if key is None:
        return None
    nonce, sealed = data[1 : 1 + vault.NONCE_BYTES], data[1 + vault.NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound("blob", blob_id, person))
    except InvalidTag:
        raise vault.VaultBroken(f"The file {blob_id} was changed by other hands, or belongs elsewhere.") from None


def unseal_blob_for(
    db: SqlSession, reader: Actor, *, field: str, blob_id: str, person: str, data: bytes
) -> bytes | None:
    """The same, for a reader other than the person: it leaves a line of `field` in the access log that the person can see."""
    found = unseal_blob(db, blob_id=blob_id, person=person, data=data)
    if found and reader.user_id != person:
        _note(field, [Letter(blob_id, person, NOTHING)], reader)
    return found


def opened(key: bytes | None, name: str, letter: Letter) -> str:
    if not letter.sealed or key is None:
        return ""
    body = letter.sealed[len(FORMAT) :]
    nonce, text = body[: vault.NONCE_BYTES], body[vault.NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, text, _bound(name, letter.row, letter.person)).decode()
    except InvalidTag:
        raise vault.VaultBroken(f"{name} of {letter.row} was changed by other hands, or belongs elsewhere.") from None


def _named(column: InstrumentedAttribute[Sealed]) -> str:
    return f"{column.class_.__tablename__}.{column.key}"


def _bound(name: str, row: str, person: str) -> bytes:
    return f"{name}|{row}|{person}".encode()
