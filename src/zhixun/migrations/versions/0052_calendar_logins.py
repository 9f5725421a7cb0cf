"""Calendars on a CalDAV server: who we are there, and whether sessions are put into them."""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE scheduling_busy_calendars
  ADD COLUMN user_name BYTEA NOT NULL DEFAULT '',
  ADD COLUMN secret BYTEA NOT NULL DEFAULT '',
  ADD COLUMN writes BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN write_problem TEXT NOT NULL DEFAULT '';
ALTER TABLE scheduling_busy_calendars
  ALTER COLUMN user_name DROP DEFAULT,
  ALTER COLUMN secret DROP DEFAULT,
  ALTER COLUMN writes DROP DEFAULT,
  ALTER COLUMN write_problem DROP DEFAULT,
  ADD CONSTRAINT scheduling_busy_calendars_writable CHECK (NOT writes OR octet_length(secret) > 0);
"""

DOWN = """
DELETE FROM scheduling_busy_calendars WHERE octet_length(secret) > 0;
ALTER TABLE scheduling_busy_calendars
  DROP CONSTRAINT scheduling_busy_calendars_writable,
  DROP COLUMN user_name,
  DROP COLUMN secret,
  DROP COLUMN writes,
  DROP COLUMN write_problem;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
