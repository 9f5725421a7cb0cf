"""What comparing our payments with the gateways' own records found."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE payments_reconciliations (
  gateway TEXT NOT NULL,
  day DATE NOT NULL,
  checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  charges INTEGER NOT NULL,
  refunds INTEGER NOT NULL,
  PRIMARY KEY (gateway, day)
);
CREATE TABLE payments_differences (
  gateway TEXT NOT NULL,
  day DATE NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  reference TEXT NOT NULL,
  our_id TEXT NOT NULL,
  theirs_minor BIGINT,
  theirs_currency TEXT,
  ours_minor BIGINT,
  ours_currency TEXT,
  proposed JSONB NOT NULL,
  PRIMARY KEY (gateway, day, number),
  FOREIGN KEY (gateway, day) REFERENCES payments_reconciliations (gateway, day) ON DELETE CASCADE
);
CREATE INDEX payments_charges_at ON payments_charges (at);
CREATE INDEX payments_refunds_completed ON payments_refunds (completed_at)
"""
DOWN = """
DROP INDEX payments_refunds_completed;
DROP INDEX payments_charges_at;
DROP TABLE payments_differences;
DROP TABLE payments_reconciliations
"""


def upgrade() -> None:
    for statement in UP.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN.split(";\n"):
        op.execute(statement)
