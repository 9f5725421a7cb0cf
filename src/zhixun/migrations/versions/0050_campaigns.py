"""Campaigns: who was written to, who was held out."""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE crm_campaigns (
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  text JSONB NOT NULL,
  code TEXT NOT NULL,
  audience JSONB NOT NULL,
  holdout_percent INTEGER NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended_reason TEXT NOT NULL,
  PRIMARY KEY (id),
  CHECK (state IN ('draft', 'running', 'done', 'stopped')),
  CHECK (holdout_percent BETWEEN 5 AND 50),
  CHECK (state = 'draft' OR state = 'stopped' OR started_at IS NOT NULL)
);
CREATE TABLE crm_recipients (
  campaign_id TEXT NOT NULL REFERENCES crm_campaigns (id),
  person_id TEXT NOT NULL,
  arm TEXT NOT NULL,
  chosen_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE,
  skipped BOOLEAN NOT NULL,
  PRIMARY KEY (campaign_id, person_id),
  CHECK (arm IN ('sent', 'held')),
  CHECK (arm = 'sent' OR sent_at IS NULL)
);
CREATE INDEX crm_recipients_person ON crm_recipients (person_id, chosen_at);
"""

DOWN = """
DROP TABLE crm_recipients;
DROP TABLE crm_campaigns;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
