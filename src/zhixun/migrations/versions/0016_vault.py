"""The vault: a key per person, and the columns it seals. What is there already is sealed in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from zhixun.kernel import sealed, vault

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BATCH = 500
SEALED = (
    ("accounts_users", "email", "id", "id"),
    ("messaging_messages", "text", "id", "sender_id"),
    ("booking_bookings", "brief", "id", "client_id"),
)
"""(table, column, what a row is known by, whose it is)"""

UP = """
CREATE TABLE vault_person_keys (
  person_id TEXT NOT NULL,
  master TEXT NOT NULL,
  wrapped BYTEA,
  made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  destroyed_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (person_id),
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE INDEX ix_vault_person_keys_master ON vault_person_keys (master);
CREATE TABLE vault_reads (
  id TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  reader_id TEXT NOT NULL,
  field TEXT NOT NULL,
  row_id TEXT NOT NULL,
  day DATE NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX vault_reads_once ON vault_reads (subject_id, reader_id, field, row_id, day);
CREATE INDEX vault_reads_subject ON vault_reads (subject_id, at);
ALTER TABLE accounts_users DROP CONSTRAINT accounts_users_email_key, ADD COLUMN email_index TEXT;
ALTER TABLE quality_feedback ADD COLUMN private_words BYTEA NOT NULL DEFAULT '';
ALTER TABLE quality_feedback ALTER COLUMN private_words DROP DEFAULT;
DROP TABLE accounts_failed_tries;
CREATE TABLE accounts_failed_tries (
  id TEXT NOT NULL,
  email_index TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX accounts_failed_tries_email_at ON accounts_failed_tries (email_index, at);
"""

INDEXED = """
ALTER TABLE accounts_users ALTER COLUMN email_index SET NOT NULL;
ALTER TABLE accounts_users ADD CONSTRAINT accounts_users_email_index_key UNIQUE (email_index);
"""

DOWN = """
ALTER TABLE accounts_users DROP COLUMN email_index, ADD CONSTRAINT accounts_users_email_key UNIQUE (email);
ALTER TABLE quality_feedback DROP COLUMN private_words;
DROP TABLE accounts_failed_tries;
CREATE TABLE accounts_failed_tries (
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX accounts_failed_tries_email_at ON accounts_failed_tries (email, at);
DROP TABLE vault_reads;
DROP TABLE vault_person_keys;
"""


def upgrade() -> None:
    op.execute(UP)
    db = op.get_bind()
    for row, email in _rows(db, "accounts_users", "id, email"):
        _set(db, "accounts_users", "id", row, email_index=vault.blind(db, "email", email))
    op.execute(INDEXED)
    for table, column, key, owner in SEALED:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE BYTEA USING convert_to({column}, 'UTF8')")
        for row, person, plain in _rows(db, table, f"{key}, {owner}, {column}"):
            text = bytes(plain).decode()
            value = sealed.seal_in(db, f"{table}.{column}", row=row, person=person, text=text)
            _set(db, table, key, row, **{column: value})
    _private_words(
        db, "NOT public AND words <> ''", lambda booking, client, words, kept: {
            "words": "",
            "private_words": sealed.seal_in(
                db, "quality_feedback.private_words", row=booking, person=client, text=words
            ),
        },
    )  # fmt: skip


def downgrade() -> None:
    db = op.get_bind()
    _private_words(
        db, "private_words <> ''", lambda booking, client, words, kept: {
            "words": sealed.unseal_in(
                db, "quality_feedback.private_words", row=booking, person=client, sealed=sealed.Sealed(bytes(kept))
            )
        },
    )  # fmt: skip
    for table, column, key, owner in SEALED:
        for row, person, kept in _rows(db, table, f"{key}, {owner}, {column}"):
            value = sealed.Sealed(bytes(kept))
            text = sealed.unseal_in(db, f"{table}.{column}", row=row, person=person, sealed=value)
            _set(db, table, key, row, **{column: text.encode()})
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE TEXT USING convert_from({column}, 'UTF8')")
    op.execute(DOWN)


def _private_words(db: sa.Connection, which: str, become: Callable[[str, str, str, Any], dict[str, Any]]) -> None:
    columns = "booking_id, client_id, words, private_words"
    for booking, client, words, kept in _rows(db, f"(SELECT * FROM quality_feedback WHERE {which}) f", columns):
        _set(db, "quality_feedback", "booking_id", booking, **become(booking, client, words, kept))


def _rows(db: sa.Connection, table: str, columns: str) -> Iterator[Any]:
    """All rows, a batch at a time, in the order of the first column."""
    key, after = columns.split(",")[0], ""
    while rows := db.execute(
        sa.text(f"SELECT {columns} FROM {table} WHERE {key} > :after ORDER BY {key} LIMIT {BATCH}"), {"after": after}
    ).all():
        yield from rows
        after = rows[-1][0]


def _set(db: sa.Connection, table: str, key: str, row: str, **values: object) -> None:
    assigned = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(sa.text(f"UPDATE {table} SET {assigned} WHERE {key} = :row"), {"row": row, **values})
