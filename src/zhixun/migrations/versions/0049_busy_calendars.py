"""Calendars that consultants keep elsewhere, and the times they are busy there."""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE scheduling_busy_calendars (
  id TEXT PRIMARY KEY,
  consultant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  address BYTEA NOT NULL,
  added_at TIMESTAMP WITH TIME ZONE NOT NULL,
  synced_at TIMESTAMP WITH TIME ZONE,
  problem TEXT NOT NULL
);
CREATE INDEX ix_scheduling_busy_calendars_consultant_id ON scheduling_busy_calendars (consultant_id);
CREATE TABLE scheduling_busy_times (
  calendar_id TEXT NOT NULL REFERENCES scheduling_busy_calendars (id) ON DELETE CASCADE,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  consultant_id TEXT NOT NULL,
  PRIMARY KEY (calendar_id, starts_at),
  CONSTRAINT scheduling_busy_times_forwards CHECK (ends_at > starts_at)
);
CREATE INDEX scheduling_busy_times_of ON scheduling_busy_times (consultant_id, ends_at);
"""

DOWN = """
DROP TABLE scheduling_busy_times;
DROP TABLE scheduling_busy_calendars;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
