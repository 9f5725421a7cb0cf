"""The tables of api."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE api_kept_answers (
  person_id TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  status INTEGER,
  answer TEXT,
  PRIMARY KEY (person_id, key)
);
CREATE INDEX ix_api_kept_answers_at ON api_kept_answers (at);
"""

DOWN = """
DROP TABLE api_kept_answers;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
