"""The tables of realtime."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP = """
CREATE UNLOGGED TABLE realtime_hub_frames (
  id TEXT NOT NULL,
  frame TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX ix_realtime_hub_frames_at ON realtime_hub_frames (at);
"""

DOWN = """
DROP TABLE realtime_hub_frames;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
