"""The tables of webhooks."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE webhooks_endpoints (
  id TEXT NOT NULL,
  url TEXT NOT NULL,
  description TEXT NOT NULL,
  kinds TEXT[] NOT NULL,
  active BOOLEAN NOT NULL,
  secret_version INTEGER NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  failing_since TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id)
);
CREATE TABLE webhooks_deliveries (
  id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE NOT NULL,
  claimed_until TIMESTAMP WITH TIME ZONE,
  status INTEGER,
  problem TEXT NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CONSTRAINT webhooks_deliveries_state CHECK (state IN ('waiting', 'delivered', 'given_up')),
  FOREIGN KEY(endpoint_id) REFERENCES webhooks_endpoints (id) ON DELETE CASCADE
);
CREATE INDEX webhooks_deliveries_due ON webhooks_deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX webhooks_deliveries_of ON webhooks_deliveries (endpoint_id, created_at);
"""

DOWN = """
DROP TABLE webhooks_deliveries;
DROP TABLE webhooks_endpoints;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
