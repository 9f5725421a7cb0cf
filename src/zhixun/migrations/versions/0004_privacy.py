"""The tables of privacy."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE privacy_consents (
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  version TEXT NOT NULL,
  given_at TIMESTAMP WITH TIME ZONE NOT NULL,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX privacy_consents_standing ON privacy_consents (user_id, purpose, version) WHERE withdrawn_at IS NULL;
CREATE INDEX privacy_consents_user ON privacy_consents (user_id, given_at);
"""

DOWN = """
DROP TABLE privacy_consents;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
