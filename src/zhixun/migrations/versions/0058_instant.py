"""Instant consultation: who is available now, calls, and whom they ring."""

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE instant_switches (
  consultant_id TEXT NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  until TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (consultant_id)
);
CREATE TABLE instant_calls (
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  field_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  minutes INTEGER NOT NULL,
  question BYTEA NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  state TEXT NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  pay_by TIMESTAMP WITH TIME ZONE NOT NULL,
  rings_until TIMESTAMP WITH TIME ZONE,
  consultant_id TEXT,
  ended_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CHECK (state IN ('unpaid', 'ringing', 'answered', 'unanswered', 'withdrawn', 'lapsed')),
  CHECK (amount_minor >= 0),
  CHECK ((state = 'answered') = (consultant_id IS NOT NULL)),
  CHECK (state <> 'ringing' OR rings_until IS NOT NULL)
);
CREATE INDEX ix_instant_calls_client_id ON instant_calls (client_id);
CREATE UNIQUE INDEX instant_calls_one_open ON instant_calls (client_id) WHERE state IN ('unpaid', 'ringing');
CREATE TABLE instant_rings (
  call_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  service_id TEXT NOT NULL,
  passed_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (call_id, consultant_id)
);
CREATE INDEX ix_instant_rings_consultant_id ON instant_rings (consultant_id);
"""

DOWN = """
DROP TABLE instant_rings;
DROP TABLE instant_calls;
DROP TABLE instant_switches;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
