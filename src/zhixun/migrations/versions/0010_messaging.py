"""The tables of messaging."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE messaging_conversations (
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  last_seq INTEGER NOT NULL,
  last_at TIMESTAMP WITH TIME ZONE NOT NULL,
  client_read_seq INTEGER NOT NULL,
  consultant_read_seq INTEGER NOT NULL,
  PRIMARY KEY (id),
  CHECK (client_id <> consultant_id),
  CHECK (client_read_seq BETWEEN 0 AND last_seq),
  CHECK (consultant_read_seq BETWEEN 0 AND last_seq)
);
CREATE INDEX messaging_conversations_client ON messaging_conversations (client_id, last_at);
CREATE INDEX messaging_conversations_consultant ON messaging_conversations (consultant_id, last_at);
CREATE TABLE messaging_messages (
  id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  key TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  text TEXT NOT NULL,
  reply_to TEXT,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (conversation_id, seq),
  UNIQUE (conversation_id, sender_id, key),
  CHECK (seq >= 1),
  FOREIGN KEY(conversation_id) REFERENCES messaging_conversations (id)
);
"""

DOWN = """
DROP TABLE messaging_messages;
DROP TABLE messaging_conversations;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
