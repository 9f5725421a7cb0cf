"""Payout runs, decided by four eyes."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE payouts_runs (
  id TEXT NOT NULL,
  currency TEXT NOT NULL,
  state TEXT NOT NULL,
  total_minor BIGINT NOT NULL,
  proposed_by TEXT NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_by TEXT,
  decided_at TIMESTAMP WITH TIME ZONE,
  reason TEXT NOT NULL,
  PRIMARY KEY (id),
  CHECK (state IN ('proposed', 'approved', 'rejected', 'lapsed')),
  CHECK (total_minor > 0),
  CHECK ((state = 'proposed') = (decided_at IS NULL)),
  CONSTRAINT payouts_runs_four_eyes CHECK (state <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> proposed_by))
);
CREATE UNIQUE INDEX payouts_runs_one_open ON payouts_runs (currency) WHERE state = 'proposed';
CREATE TABLE payouts_payouts (
  run_id TEXT NOT NULL,
  consultant_id TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  PRIMARY KEY (run_id, consultant_id),
  CHECK (amount_minor > 0),
  FOREIGN KEY(run_id) REFERENCES payouts_runs (id)
);
CREATE INDEX payouts_payouts_consultant ON payouts_payouts (consultant_id);
"""

DOWN = """
DROP TABLE payouts_payouts;
DROP TABLE payouts_runs;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
