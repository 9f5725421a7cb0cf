"""The log of interactions and the names of nobody it is kept under."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE behaviour_pseudonyms (
  user_id TEXT NOT NULL,
  person TEXT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (user_id),
  UNIQUE (person)
);
CREATE TABLE behaviour_interactions (
  person TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  source TEXT NOT NULL,
  text TEXT NOT NULL,
  labels TEXT[] NOT NULL,
  value_minor BIGINT NOT NULL,
  channel TEXT NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (person, id)
);
CREATE INDEX behaviour_interactions_person_at ON behaviour_interactions (person, at);
CREATE INDEX behaviour_interactions_at ON behaviour_interactions (at);
"""

DOWN = """
DROP TABLE behaviour_interactions;
DROP TABLE behaviour_pseudonyms;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
