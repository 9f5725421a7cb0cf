"""Calendars that other programs may read."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE booking_feeds (
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (user_id),
  UNIQUE (id)
);
"""

DOWN = """
DROP TABLE booking_feeds;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
