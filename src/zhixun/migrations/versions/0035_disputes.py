"""Disputes: with clocks, and an end when someone is silent."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE disputes_disputes (
  id TEXT NOT NULL,
  booking_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_minor BIGINT NOT NULL,
  back_minor BIGINT,
  currency TEXT NOT NULL,
  outcome TEXT,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  decided_at TIMESTAMP WITH TIME ZONE,
  decided_by TEXT,
  PRIMARY KEY (id),
  CHECK (state IN ('open', 'evidence', 'ruling', 'decided')),
  CHECK (asked_minor > 0),
  CHECK (back_minor BETWEEN 0 AND asked_minor),
  CHECK ((state = 'decided') = (due_at IS NULL)),
  CHECK ((state = 'decided') = (outcome IS NOT NULL)),
  CHECK ((state = 'decided') = (decided_at IS NOT NULL)),
  UNIQUE (booking_id)
);
CREATE INDEX disputes_disputes_due ON disputes_disputes (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE disputes_statements (
  id TEXT NOT NULL,
  dispute_id TEXT NOT NULL,
  by TEXT NOT NULL,
  role TEXT NOT NULL,
  words BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(dispute_id) REFERENCES disputes_disputes (id)
);
CREATE INDEX disputes_statements_dispute ON disputes_statements (dispute_id, at);
"""

DOWN = """
DROP TABLE disputes_statements;
DROP TABLE disputes_disputes;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
