"""What people asked the assistant, what it said and what was handed over is sealed, under the key of whose conversation it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from zhixun.kernel import sealed

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

BATCH = 500
SEALED = (("assistant_turns", "text"), ("assistant_hand_overs", "note"), ("assistant_hand_overs", "summary"))

UP = """
ALTER TABLE assistant_turns ADD COLUMN person_id TEXT;
UPDATE assistant_turns t SET person_id = CASE WHEN k.owner_id = '' THEN k.id ELSE k.owner_id END
  FROM assistant_talks k WHERE k.id = t.talk_id;
DELETE FROM assistant_turns WHERE person_id IS NULL;
ALTER TABLE assistant_turns ALTER COLUMN person_id SET NOT NULL;
CREATE INDEX ix_assistant_turns_person_id ON assistant_turns (person_id);
ALTER TABLE assistant_hand_overs ALTER COLUMN summary TYPE TEXT USING summary::text;
"""

DOWN = """
UPDATE assistant_hand_overs SET summary = '{"questions": [], "titles": [], "unanswered": 0, "crisis": false}' WHERE summary = '';
ALTER TABLE assistant_hand_overs ALTER COLUMN summary TYPE JSONB USING summary::jsonb;
DROP INDEX ix_assistant_turns_person_id;
ALTER TABLE assistant_turns DROP COLUMN person_id;
"""


def upgrade() -> None:
    op.execute(UP)
    db = op.get_bind()
    for table, column in SEALED:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE BYTEA USING convert_to({column}, 'UTF8')")
        for row, person, plain in _rows(db, table, column):
            text = _one_line(plain) if column == "summary" else plain
            _set(db, table, column, row, sealed.seal_in(db, f"{table}.{column}", row=row, person=person, text=text))


def downgrade() -> None:
    db = op.get_bind()
    for table, column in SEALED:
        for row, person, kept in _rows(db, table, column, raw=True):
            value = sealed.Sealed(bytes(kept))
            text = sealed.unseal_in(db, f"{table}.{column}", row=row, person=person, sealed=value)
            _set(db, table, column, row, text.encode())
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE TEXT USING convert_from({column}, 'UTF8')")
    op.execute(DOWN)


def _one_line(summary: str) -> str:
    return json.dumps(json.loads(summary), ensure_ascii=False)


def _rows(db: sa.Connection, table: str, column: str, *, raw: bool = False) -> Iterator[Any]:
    """(id, whose, value) of all rows, a batch at a time."""
    value, after = column if raw else f"convert_from({column}, 'UTF8')", ""
    asked = f"SELECT id, person_id, {value} FROM {table} WHERE id > :after ORDER BY id LIMIT {BATCH}"
    while rows := db.execute(sa.text(asked), {"after": after}).all():
        yield from rows
        after = rows[-1][0]


def _set(db: sa.Connection, table: str, column: str, row: str, value: bytes) -> None:
    db.execute(sa.text(f"UPDATE {table} SET {column} = :value WHERE id = :row"), {"row": row, "value": value})
