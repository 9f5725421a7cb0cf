"""The tables of calls."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE calls_presences (
  id TEXT NOT NULL,
  booking_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  joined_at TIMESTAMP WITH TIME ZONE NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
  left_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (joined_at <= seen_at),
  CHECK (left_at IS NULL OR left_at >= joined_at)
);
CREATE INDEX calls_presences_booking ON calls_presences (booking_id, joined_at);
CREATE UNIQUE INDEX calls_presences_open ON calls_presences (booking_id, user_id) WHERE left_at IS NULL;
CREATE TABLE calls_records (
  booking_id TEXT NOT NULL,
  both_at TIMESTAMP WITH TIME ZONE,
  recorded_at TIMESTAMP WITH TIME ZONE,
  client_seconds INTEGER NOT NULL,
  consultant_seconds INTEGER NOT NULL,
  both_seconds INTEGER NOT NULL,
  PRIMARY KEY (booking_id),
  CHECK (both_seconds BETWEEN 0 AND client_seconds),
  CHECK (both_seconds <= consultant_seconds)
);
"""

DOWN = """
DROP TABLE calls_records;
DROP TABLE calls_presences;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
