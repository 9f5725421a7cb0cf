"""Scans of credentials."""

from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE credentials_scans (
  id TEXT NOT NULL,
  claim_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  added_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (claim_id, position),
  CHECK (media_type IN ('application/pdf', 'image/jpeg')),
  CHECK (bytes > 0),
  CHECK (position BETWEEN 1 AND 3),
  FOREIGN KEY(claim_id) REFERENCES credentials_claims (id)
);
CREATE INDEX ix_credentials_scans_consultant_id ON credentials_scans (consultant_id);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE credentials_scans")
