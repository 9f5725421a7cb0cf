"""Files sent with messages."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE messaging_files (
  id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  name BYTEA NOT NULL,
  media_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  removed_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (bytes > 0),
  FOREIGN KEY(message_id) REFERENCES messaging_messages (id)
);
CREATE INDEX messaging_files_message ON messaging_files (message_id, position);
"""

DOWN = """
DROP TABLE messaging_files;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
